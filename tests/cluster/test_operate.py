"""`coalmine status|watch|approve|promote|abort|retry` on the real controller of Argo Rollouts."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from localcluster.api import Object, path_of
from localcluster.cluster import Cluster
from tests.clusters import fresh_cluster
from tests.coalmine import coalmine

from . import apps, small_platform
from .objects import apply_all, wait_for

SPACE = "operate"
APP = "web"
HEALTHY, WRONG, IN_PROGRESS, DEGRADED = 0, 1, 2, 3
ROLLOUT = path_of("argoproj.io/v1alpha1/rollouts", SPACE, APP)


@pytest.fixture(scope="module")
def releases(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster that releases with Argo Rollouts, and has no metrics: whatever is measured is an error."""
    with fresh_cluster(request, "operate") as made:
        apply_all(made.api, (*small_platform.rollouts(), small_platform.namespace(SPACE), _template(), _rollout()))
        wait_for(lambda: operate(made, "status")[0] == HEALTHY, "the first version is deployed")
        yield made


def _template() -> Object:
    prometheus = {"address": "http://127.0.0.1:1", "query": "vector(1)"}
    metric = {"name": "error-rate", "interval": "1s", "count": 3, "consecutiveErrorLimit": 1}
    metric["successCondition"] = "result[0] <= 0.01"
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": APP, "namespace": SPACE},
        "spec": {"metrics": [{**metric, "provider": {"prometheus": prometheus}}]},
    }


def _rollout() -> Object:
    labels = {"app.kubernetes.io/name": APP}
    steps = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 75}, {"analysis": {"templates": [{"templateName": APP}]}}]
    container = {"name": APP, "image": apps.IMAGE, "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": APP, "namespace": SPACE, "labels": labels},
        "spec": {
            "replicas": 2,
            "progressDeadlineSeconds": 5,
            "progressDeadlineAbort": True,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {**labels, "app.kubernetes.io/version": "1.0.0"}},
                "spec": {"containers": [container]},
            },
            "strategy": {"canary": {"steps": steps}},
        },
    }


def operate(cluster: Cluster, verb: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and standard error of a verb."""
    done = coalmine(verb, APP, "--json", *arguments, environment={"KUBECONFIG": str(cluster.kubeconfig)})
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def change(cluster: Cluster, version: str, **container: Any) -> None:
    """Begins the release of a version."""
    labels = {"app.kubernetes.io/version": version}
    changed = {"name": APP, "image": apps.IMAGE, **container}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [changed]}}
    cluster.api.patch(ROLLOUT, {"spec": {"template": template}})


def until_it_waits(cluster: Cluster, version: str) -> dict[str, Any]:
    """The status of the release once it waits for approval; every exit code on the way says `in progress`."""

    def waits() -> dict[str, Any]:
        code, status, problem = operate(cluster, "status")
        assert code == IN_PROGRESS, (status, problem)
        return status if status["state"] == "waiting for approval" else {}

    status = wait_for(waits, "the release waits for approval")
    assert (status["version"], status["step"], status["steps"]) == (version, 1, 2)
    return status


def test_a_release_is_approved_measured_taken_back_retried_and_promoted(releases: Cluster) -> None:
    change(releases, "2.0.0")
    until_it_waits(releases, "2.0.0")
    assert operate(releases, "approve")[0] == HEALTHY
    code, status, progress = operate(releases, "watch")
    assert code == DEGRADED, status
    assert status["aborted"]
    assert status["reason"].startswith("error rate could not be measured in 2 of 2 checks at weight 75 (")
    assert "taken back: error rate could not be measured" in progress

    code, _, problem = operate(releases, "promote")
    assert (code, "was taken back already" in problem) == (WRONG, True), problem
    assert operate(releases, "retry")[0] == HEALTHY
    status = until_it_waits(releases, "2.0.0")
    assert status["checks"] == [], "what an earlier try measured says nothing about this one"

    assert operate(releases, "abort")[0] == HEALTHY
    code, status, _ = operate(releases, "watch")
    assert (code, status["reason"]) == (DEGRADED, "aborted by hand")

    assert operate(releases, "retry")[0] == HEALTHY
    until_it_waits(releases, "2.0.0")
    assert operate(releases, "promote", "--full", "--reason", "payments are down", "--owner", "ada")[0] == HEALTHY
    broken = operate(releases, "status")[1]["break_glass"]
    assert (broken["owner"], broken["reason"]) == ("ada", "payments are down")
    told = releases.api.items(path_of("v1/events", SPACE), fieldSelector="reason=BreakGlass")
    assert [one["message"] for one in told] == [
        f"Promotion without checks: broken by ada until {broken['until']}: payments are down"
    ]
    code, status, _ = operate(releases, "watch")
    assert (code, status["version"], status["promoted"], status["weight"]) == (HEALTHY, "2.0.0", True, 100)
    code, _, problem = operate(releases, "abort")
    assert (code, "no release in progress: version 2.0.0 gets all traffic" in problem) == (WRONG, True), problem


def test_pods_that_never_become_ready_are_said_to_be_the_cause(releases: Cluster) -> None:
    change(releases, "3.0.0", resources={"requests": {"cpu": "100000"}})
    code, status, _ = operate(releases, "watch")
    assert code == DEGRADED, status
    assert status["aborted"]
    assert status["reason"] == "no progress for 5s: its pods do not become ready"
