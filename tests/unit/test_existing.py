"""Pods of a Deployment that others made: both engines take over from it, and what nobody here can know is refused."""

from pathlib import Path
from typing import Any

import pytest

from components.adoption import Reference
from components.app import changed_pods, stages
from components.compile import Compiled
from components.operate.contract import State
from components.operate.engines.argo_rollouts.state import RolloutState
from components.operate.engines.flagger.state import CanaryState
from components.ownership import Ownership
from components.spec.cluster import DeliverySpec
from components.spec.registry import variants
from tests.contract.variants import example_of
from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

SHOP = {**example_app("adoption"), "name": "shop"}
SHOP["workload"] = {"existing": {"selector": {"app": "shop"}}, "port": 8080}
SHOP["delivery"].pop("engine", None)
COMPARED = {"kind": "error_rate", "max": "1%", "compared_with_stable": {"difference": "1%"}}
BY_REVISION = 'max(depth{version="{{revision}}"})'
ROLLOUTS = stack_keys()
FLAGGER = changed(ROLLOUTS, "delivery", "engine", to="flagger")
ON_BOTH = pytest.mark.parametrize("stack", [ROLLOUTS, FLAGGER], ids=["argo-rollouts", "flagger"])
NOT_OURS = ("config", "secret_versions", "service_account", "labels", "annotations", "version")


def messages(root: Path, app: dict[str, Any], stack: dict[str, Any] = ROLLOUTS) -> list[str]:
    project = Project(root)
    project.stack(stack)
    project.apps(app)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def kinds(made: Compiled) -> set[str]:
    return {one["kind"] for one in made.manifests}


def queries(made: Compiled) -> list[str]:
    """What every check asks."""
    templates = [one["spec"] for one in made.manifests if one["kind"] in ("AnalysisTemplate", "MetricTemplate")]
    metrics = [metric["provider"]["prometheus"] for spec in templates for metric in spec.get("metrics", [])]
    return [one["query"] for one in (*metrics, *templates) if "query" in one]


def test_argo_rollouts_takes_over_once_all_of_its_own_pods_answer(tmp_path: Path) -> None:
    made = compiled_app(tmp_path, SHOP, ROLLOUTS)
    spec = only(made.manifests, "Rollout")["spec"]
    assert spec["workloadRef"] == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "shop",
        "scaleDown": "onsuccess",
    }
    assert not spec.keys() & {"template", "selector"}, "the validator refuses them beside a workloadRef"


def test_flagger_watches_the_deployment_itself(tmp_path: Path) -> None:
    canary = only(compiled_app(tmp_path, SHOP, FLAGGER).manifests, "Canary")["spec"]
    assert canary["targetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
    assert canary["autoscalerRef"]["name"] == "shop"


@ON_BOTH
def test_nothing_of_what_others_made_is_made_again(tmp_path: Path, stack: dict[str, Any]) -> None:
    assert not kinds(compiled_app(tmp_path, SHOP, stack)) & {"Deployment", "ServiceAccount", "ConfigMap"}


def test_services_and_the_budget_select_by_the_labels_that_the_pods_have(tmp_path: Path) -> None:
    made = compiled_app(tmp_path, SHOP, ROLLOUTS)
    services = [one for one in made.manifests if one["kind"] == "Service"]
    assert [one["metadata"]["name"] for one in services] == ["shop-stable", "shop-canary"]
    assert all(one["spec"]["selector"] == {"app": "shop"} for one in services), "the old pods answer from the first on"
    assert only(made.manifests, "PodDisruptionBudget")["spec"]["selector"] == {"matchLabels": {"app": "shop"}}


def test_flaggers_budget_selects_both_versions(tmp_path: Path) -> None:
    app = changed(SHOP, "workload", "existing", "selector", to={"tier": "web", "app.kubernetes.io/name": "old-shop"})
    budget = only(compiled_app(tmp_path, app, FLAGGER).manifests, "PodDisruptionBudget")
    assert budget["spec"]["selector"]["matchExpressions"] == [
        {"key": "app.kubernetes.io/name", "operator": "In", "values": ["old-shop", "old-shop-primary"]}
    ]


@ON_BOTH
def test_whoever_made_the_deployment_leaves_its_replicas_to_the_engine(tmp_path: Path, stack: dict[str, Any]) -> None:
    owned = Ownership(compiled_app(tmp_path, SHOP, stack).ownership.fields)
    assert owned.pulumi["Deployment", "shop"] == ("spec.replicas",)
    rules = {(one["kind"], one["name"]): one["jsonPointers"] for one in owned.argo_cd["ignoreDifferences"]}
    assert rules["Deployment", "shop"] == ["/spec/replicas"]


@ON_BOTH
def test_checks_tell_the_versions_apart_without_knowing_a_label(tmp_path: Path, stack: dict[str, Any]) -> None:
    asked = queries(compiled_app(tmp_path, SHOP, stack))
    assert len(asked) == 2
    for query in asked:
        assert "destination_version" not in query
        assert "destination_canonical_service" not in query, "the pods may be called anything"
        assert 'destination_workload="shop"' in query or 'pod=~"shop-{{args.pod-hash}}-' in query


def test_the_hash_of_the_new_pods_is_given_to_every_analysis(tmp_path: Path) -> None:
    made = compiled_app(tmp_path, SHOP, ROLLOUTS)
    steps = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["steps"]
    arguments = [step["analysis"]["args"] for step in steps if "analysis" in step]
    assert arguments
    for given in arguments:
        assert {"name": "pod-hash", "valueFrom": {"podTemplateHashValue": "Latest"}} in given
        assert "revision" not in [one["name"] for one in given], "a Rollout without a template has no such label"


@ON_BOTH
def test_a_comparison_asks_for_the_pods_of_both_versions(tmp_path: Path, stack: dict[str, Any]) -> None:
    made = compiled_app(tmp_path, changed(SHOP, "delivery", "analysis", "checks", to=[COMPARED]), stack)
    compared = queries(made)[1]
    stable = "shop-{{args.stable-pod-hash}}-" if stack is ROLLOUTS else 'destination_workload="shop-primary"'
    assert stable in compared, compared


@ON_BOTH
def test_the_pods_own_metrics_are_told_by_the_pods_names(tmp_path: Path, stack: dict[str, Any]) -> None:
    router = {"kind": "gateway-api", "gateway": "public", "pod_metrics": {}}
    made = compiled_app(tmp_path, SHOP, changed(stack, "delivery", "router", to=router))
    assert all('pod=~"shop-' in query for query in queries(made)), queries(made)
    assert not any("app_kubernetes_io_name" in query for query in queries(made))


@ON_BOTH
def test_the_release_comes_after_what_it_needs_and_before_what_needs_it(tmp_path: Path, stack: dict[str, Any]) -> None:
    before, release, after = stages(compiled_app(tmp_path, SHOP, stack))
    assert [one["kind"] for one in release] == ["Rollout" if stack is ROLLOUTS else "Canary"]
    assert "VirtualService" in {one["kind"] for one in before}
    assert "PodDisruptionBudget" in {one["kind"] for one in after}


def test_what_stands_in_the_deployment_is_not_written_again(tmp_path: Path) -> None:
    texts = {"config": {"a": {"b": "c"}}, "secret_versions": {"a": "1"}, "version": "1"}
    labels = {"labels": {"a": "b"}, "annotations": {"a": "b"}, "service_account": {"mount_token": True}}
    app = changed(SHOP, "workload", to={**SHOP["workload"], **texts, **labels, "image": "shop:1"})
    said = "is excluded by 'existing': write it in the object that runs the pods"
    assert messages(tmp_path, app) == [f"workload.{name}: {said}" for name in sorted(("image", *NOT_OURS))]


def test_pods_come_from_one_place(tmp_path: Path) -> None:
    app = changed(SHOP, "workload", "chart", to={"path": "../charts/shop"})
    assert messages(tmp_path, app)[0] == "workload.existing: is excluded by 'chart': the pods come from one of them"


@pytest.mark.parametrize(
    ("stack", "change", "message"),
    [
        (
            ROLLOUTS,
            (
                ("delivery",),
                {"steps": [{"experiment": {"weight": 10}, "hold": "5m"}], "analysis": {"checks": [COMPARED]}},
            ),
            "delivery.steps[0].experiment: needs the pods' own labels, which 'existing' does not tell: leave it out, "
            "or write the pods here",
        ),
        (
            ROLLOUTS,
            (("delivery", "analysis", "checks"), [{"kind": "query", "name": "depth", "query": BY_REVISION, "max": 5}]),
            "delivery.analysis.checks[0].query: asks for the pods' label `version`, which 'existing' does not tell: "
            "narrow it by one of {{workload}}, {{pods}}, {{service}}",
        ),
        (
            FLAGGER,
            (("workload", "existing", "selector"), {"tier": "web"}),
            "workload.existing.selector: engine 'flagger' tells the pods of the two versions by one of these labels in "
            "the selector: 'app', 'name', 'app.kubernetes.io/name'; choose engine 'argo-rollouts'",
        ),
        (
            FLAGGER,
            (("workload", "min_ready"), "20s"),
            "workload.min_ready: is excluded by 'existing' with engine 'flagger': write minReadySeconds in the object "
            "with the pods",
        ),
        (
            changed(ROLLOUTS, "delivery", "router", to="consul"),
            (("traffic", "hosts"), ["shop.shop.svc.cluster.local"]),
            "workload.existing: cannot be released by router 'consul': Consul tells the versions by annotations that "
            "each has to bring: write the pods here",
        ),
        (
            {
                **ROLLOUTS,
                "delivery": {**ROLLOUTS["delivery"], "channels": {"github": example_of(variants("notify")["github"])}},
            },
            (("notify",), [{"channel": "github"}]),
            "workload.existing: hides from a GitHub channel which commit is released: write the pods here, or 'notify' "
            "others",
        ),
        (
            ROLLOUTS,
            (
                ("workload", "objects"),
                [
                    {
                        "apiVersion": "v1",
                        "kind": "Service",
                        "metadata": {"name": "a"},
                        "spec": {"selector": {"app": "shop"}, "ports": [{"port": 8080}]},
                    }
                ],
            ),
            "workload.objects[0]: leads to the pods of both versions, past the weights: the release has Services of "
            "its own for the port that receives the traffic",
        ),
    ],
    ids=["experiment", "revision", "selector", "min_ready", "consul", "github", "service"],
)
def test_what_cannot_be_done_with_pods_of_others_is_refused(
    tmp_path: Path, stack: dict[str, Any], change: tuple[tuple[Any, ...], Any], message: str
) -> None:
    path, value = change
    app = {**SHOP, "notify": value} if path == ("notify",) else changed(SHOP, *path, to=value)
    assert message in messages(tmp_path, app, stack)


def test_an_object_that_looks_for_the_stable_pods_by_flaggers_label_is_refused(tmp_path: Path) -> None:
    monitor = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": {"name": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "shop"}}},
    }
    [message] = messages(tmp_path, changed(SHOP, "workload", "objects", to=[monitor]), FLAGGER)
    assert message.startswith("workload.objects[0]: looks for pods with app: shop, which engine 'flagger' gives to")


OWN = {**example_app(), "name": "shop", "namespace": "shop"}


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
@pytest.mark.parametrize("existed", [True, False], ids=["then-existing", "then-own"])
def test_the_pods_of_a_live_app_are_not_exchanged_in_place(tmp_path: Path, engine: str, existed: bool) -> None:
    stack = changed(ROLLOUTS, "delivery", "engine", to=engine)
    delivery = DeliverySpec.model_validate(stack["delivery"])
    own, existing = compiled_app(tmp_path / "own", OWN, stack), compiled_app(tmp_path / "existing", SHOP, stack)
    then, now = (existing, own) if existed else (own, existing)
    live = {(one["kind"], one["metadata"]["name"]): one for one in then.manifests}

    def of_stack(reference: Reference) -> Any:
        return live.get((reference.kind, reference.name))

    assert changed_pods(then, delivery, of_stack) is None
    assert changed_pods(now, delivery, lambda _: None) is None, "an app that is not there yet"
    refused = changed_pods(now, delivery, of_stack)
    assert refused is not None
    assert "would go before the new ones answer" in refused


def rollout(seen: str) -> dict[str, Any]:
    return {
        "metadata": {"generation": 3, "annotations": {"rollout.argoproj.io/workload-generation": "7"}},
        "spec": {"workloadRef": {"name": "shop"}, "strategy": {"canary": {}}},
        "status": {
            "observedGeneration": "3",
            "workloadObservedGeneration": seen,
            "phase": "Healthy",
            "currentPodHash": "abc",
            "stableRS": "abc",
        },
    }


def test_a_change_of_the_deployment_that_argo_rollouts_has_not_seen_is_no_healthy_release() -> None:
    assert RolloutState.of(rollout("7")).state is State.HEALTHY
    assert RolloutState.of(rollout("6")).state is State.IN_PROGRESS
    assert RolloutState.of(rollout("7")).revision == "abc"


def canary(phase: str, applied: str, promoted: str, written: str) -> CanaryState:
    status = {
        "phase": phase,
        "lastAppliedSpec": applied,
        "lastPromotedSpec": promoted,
        "lastTransitionTime": "2026-01-01T00:05:00Z",
        "conditions": [{"lastUpdateTime": "2026-01-01T00:03:00Z"}],
    }
    entry = {"manager": "kubectl", "time": written, "fieldsV1": {"f:spec": {"f:template": {"f:spec": {}}}}}
    pods = {"spec": {"containers": [{"image": "registry.example.com:5000/shop:1.5.0@sha256:0"}]}}
    target = {"metadata": {"managedFields": [entry]}, "spec": {"template": pods}}
    return CanaryState.of({"metadata": {}, "spec": {}, "status": status}, target, {})


BEFORE, FAILED_AT, LATER = "2026-01-01T00:01:00Z", "2026-01-01T00:04:00Z", "2026-01-01T00:06:00Z"


@pytest.mark.parametrize(
    ("phase", "applied", "promoted", "written", "state"),
    [
        ("Succeeded", "2", "2", BEFORE, State.HEALTHY),
        ("Succeeded", "2", "2", LATER, State.IN_PROGRESS),
        ("Progressing", "2", "1", BEFORE, State.IN_PROGRESS),
        ("Failed", "2", "1", BEFORE, State.DEGRADED),
        # The version before is wanted again: Flagger, which has looked since, has nothing to do.
        ("Failed", "2", "1", FAILED_AT, State.HEALTHY),
        ("Failed", "2", "1", LATER, State.IN_PROGRESS),
    ],
)
def test_the_state_of_pods_without_our_label_is_told_by_flaggers_own_digest(
    phase: str, applied: str, promoted: str, written: str, state: State
) -> None:
    told = canary(phase, applied, promoted, written)
    assert told.state is state
    assert told.version == "1.5.0", "the tag of the image, where no label says more"
