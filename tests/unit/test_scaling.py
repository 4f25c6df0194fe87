"""Who sets the number of pods: one owner, on what it measures, and never on silence."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.variations import all_apps
from tests.specs import REMOVED, app_messages, changed, compiled_app, only, stack_keys

FEED, ORDERS, PARCELS = all_apps("autoscaled")


def manifests(root: Path, app: dict[str, Any]) -> list[dict[str, Any]]:
    stack = stack_keys()
    stack["delivery"]["other_engines"] = ["flagger"]
    return list(compiled_app(root, app, stack).manifests)


def triggers(root: Path, app: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["type"]: one for one in only(manifests(root, app), "ScaledObject")["spec"]["triggers"]}


@pytest.mark.parametrize(
    ("app", "target"),
    [
        (ORDERS, {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "orders"}),
        (PARCELS, {"apiVersion": "apps/v1", "kind": "Deployment", "name": "parcels"}),
    ],
    ids=["argo-rollouts", "flagger"],
)
def test_an_autoscaler_is_the_only_owner_of_the_number_of_pods(
    tmp_path: Path, app: dict[str, Any], target: dict[str, Any]
) -> None:
    """A number of its own in the scaled object would be set again at every update, in the middle of a load."""
    made = manifests(tmp_path, app)
    assert "replicas" not in only(made, str(target["kind"]))["spec"]
    assert "HorizontalPodAutoscaler" not in [one["kind"] for one in made]
    scaled = only(made, "ScaledObject")["spec"]
    assert scaled["scaleTargetRef"] == target
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"], scaled["pollingInterval"]) == (3, 40, 15)
    assert scaled["fallback"] == {"failureThreshold": 4, "replicas": 10}


def test_every_trigger_says_what_keda_reads(tmp_path: Path) -> None:
    made = triggers(tmp_path, ORDERS)
    [prometheus, kafka, cron] = [one for one in ORDERS["scaling"]["triggers"] if one["kind"] not in ("cpu", "memory")]
    assert made["prometheus"]["metadata"] == {
        "serverAddress": prometheus["address"],
        "query": prometheus["query"],
        "threshold": "50",
        "ignoreNullValues": "false",
    }
    assert made["kafka"]["metadata"] == {
        "bootstrapServers": "kafka.messages:9092",
        "consumerGroup": kafka["group"],
        "topic": kafka["topic"],
        "lagThreshold": "100",
    }
    assert made["kafka"]["authenticationRef"] == {"name": "orders-kafka"}
    assert made["cron"]["metadata"] == {
        "timezone": cron["timezone"],
        "start": cron["start"],
        "end": cron["end"],
        "desiredReplicas": "10",
    }
    assert (made["memory"]["metricType"], made["memory"]["metadata"]) == ("Utilization", {"value": "80"})
    assert made["cpu"]["metadata"] == {"value": "70"}


def test_a_query_without_an_answer_takes_no_pods_away(tmp_path: Path) -> None:
    assert triggers(tmp_path, ORDERS)["prometheus"]["metadata"]["ignoreNullValues"] == "false"


def test_flagger_asks_the_query_as_it_was_written(tmp_path: Path) -> None:
    """By itself it would put `parcels-primary` wherever the query says `parcels`."""
    made = manifests(tmp_path, PARCELS)
    query = PARCELS["scaling"]["triggers"][0]["query"]
    asked = next(one for one in only(made, "ScaledObject")["spec"]["triggers"] if one["type"] == "prometheus")
    reference = only(made, "Canary")["spec"]["autoscalerRef"]
    assert reference["kind"] == "ScaledObject"
    assert reference["primaryScalerQueries"] == {asked["name"]: query} == {asked["name"]: asked["metadata"]["query"]}


SCALING = ("scaling", "triggers")
CPU = {"kind": "cpu", "use": "70%"}
MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a scaler that is not there": (
        changed(ORDERS, "scaling", "kind", to="kede"),
        ["scaling: unknown scaling 'kede' (did you mean 'keda'?)"],
    ),
    "a trigger that is not there": (
        changed(ORDERS, *SCALING, 3, to={"kind": "memry", "use": "80%"}),
        ["scaling.triggers[3]: unknown kind 'memry' (did you mean 'memory'?)"],
    ),
    "a key of the other scaler": (
        changed(ORDERS, "scaling", "cpu", to="70%"),
        ["scaling.cpu: unknown key, which belongs to 'hpa'"],
    ),
    "no trigger": (changed(ORDERS, *SCALING, to=[]), ["scaling.triggers: must not be empty"]),
    "no pods at all": (changed(ORDERS, "scaling", "min", to=0), ["scaling.min: 0 is too small: at least 1"]),
    "a range upside down": (changed(FEED, "scaling", "max", to=2), ["scaling.max: 2 is below min 3"]),
    "a clock beyond the range": (
        changed(ORDERS, *SCALING, 2, "pods", to=41),
        ["scaling.triggers[2].pods: 41 is not between min 3 and max 40"],
    ),
    "a fallback beyond the range": (
        changed(ORDERS, "scaling", "fallback", "pods", to=2),
        ["scaling.fallback.pods: 2 is not between min 3 and max 40"],
    ),
    "a fallback for nothing": (
        changed(ORDERS, *SCALING, to=[CPU]),
        ["scaling.fallback: does nothing with 'cpu' and 'memory' alone: KEDA does not ask for them itself"],
    ),
    "a use in parts of a percent": (
        changed(ORDERS, *SCALING, 4, "use", to="0.5%"),
        ["scaling.triggers[4].use: 0.5% must be a whole percentage from 1% to 100%"],
    ),
    "a question too often": (
        changed(ORDERS, "scaling", "every", to="500ms"),
        ["scaling.every: 500ms must be whole seconds, at least 1s"],
    ),
    "memory that nobody requests": (
        changed(ORDERS, "workload", "resources", to={"requests": {"cpu": "1"}}),
        ["workload.resources.requests.memory: is required with trigger 'memory': KEDA measures the use against it"],
    ),
    "a fixed number beside a scaler": (
        {**ORDERS, "replicas": 4},
        ["give either 'replicas' or 'scaling': one owner sets the pod count"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    app, messages = MISTAKES[name]
    assert app_messages(tmp_path, app) == messages


def test_without_a_kind_kubernetes_own_autoscaler_scales(tmp_path: Path) -> None:
    assert only(manifests(tmp_path, FEED), "HorizontalPodAutoscaler")["spec"]["minReplicas"] == 3
    named = changed(FEED, "scaling", "kind", to="hpa")
    assert manifests(tmp_path, named) == manifests(tmp_path, FEED)
    assert app_messages(tmp_path, changed(FEED, "scaling", "max", to=REMOVED)) == ["scaling.max: is required"]
