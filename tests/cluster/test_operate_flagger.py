"""`coalmine status|watch|promote|abort|retry` on the real controller of Flagger, with objects as they are compiled."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from components.app import stages
from components.compile import Compiled, compile_app
from components.discovery import discover
from components.operate.contract import TELLER
from components.platform.pieces import flagger
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from components.spec.platform import FlaggerOptions, PlatformSpec
from localcluster.api import Object, path_of
from localcluster.cluster import Cluster
from localcluster.tools import module_dir
from tests.clusters import fresh_cluster
from tests.coalmine import coalmine
from tests.contract.platform_stacks import BOTH_ENGINES, stack, with_helm

from . import small_platform
from .objects import apply_all, object_path, wait_for

HEALTHY, WRONG, IN_PROGRESS, DEGRADED = 0, 1, 2, 3
STABLE, NEW = "1.0.0", "2.0.0"
TOLERATED = {
    "blamed": 0,
    "aborted": 1,
    "promoted": 1,
    "stuck": 0,
    "everywhere": 1,
    "left": 0,
    "removed": 0,
    "unborn": 0,
}
"""The apps, one for each story, and how many failed checks they tolerate: no metrics are here, so every check fails."""
EVERYWHERE = "everywhere"
"""The app that has a pod on every node."""
UNBORN = "unborn"
"""The app whose first pods never become ready."""


def delivery() -> DeliverySpec:
    """Flagger on Istio, asking a Prometheus that is not there."""
    discover()
    metrics = {
        "kind": "prometheus",
        "address": "http://127.0.0.1:1",
        "scrape_interval": "2s",
        "finds_pods_within": "6s",
    }
    return DeliverySpec.model_validate({"engine": "flagger", "router": "istio", "metrics": metrics})


def compiled(name: str, tag: str) -> Compiled:
    """An app in a version; `unborn`, and the new version of `stuck`, ask for more than any node has."""
    hold = f"{10 * (TOLERATED[name] + 1)}s"
    resources = {"requests": {"cpu": "100000"}} if name == UNBORN or (name, tag) == ("stuck", NEW) else {}
    spec = {
        "name": name,
        "namespace": name,
        "owner": "team-operate",
        **({} if name == EVERYWHERE else {"replicas": 2}),
        "workload": {
            "kind": "daemonset" if name == EVERYWHERE else "deployment",
            "image": f"registry.example.com/operate/web:{tag}",
            "port": 8080,
            "min_ready": "1s",
            "resources": resources,
        },
        "traffic": {"hosts": [f"{name}.example.com"]},
        "delivery": {
            "steps": [{"weight": 5, "hold": hold}, {"weight": 50, "hold": hold}],
            "analysis": {
                "interval": "10s",
                "tolerated_failures": TOLERATED[name],
                "checks": [{"kind": "error_rate", "max": "1%"}],
            },
            "rollback": {"deadline": "15s"},
        },
    }
    return compile_app(LoadedApp(AppSpec.model_validate(spec), Origin(f"apps/{name}.yaml")), delivery())


@cache
def platform() -> tuple[Object, ...]:
    """Flagger as the platform installs it, and the definitions of Istio, which it asks for at its start."""
    options = PlatformSpec(flagger=FlaggerOptions(replicas=1))
    single = stack(BOTH_ENGINES).spec.model_copy(update={"platform": options})
    definitions = module_dir("istiod") / "manifests/charts/base/files/crd-all.gen.yaml"
    with_helm()
    pieces = [item for stage in flagger.stages(single) for item in stage]
    return (
        *(item for item in yaml.load_all(definitions.read_text(), Loader=yaml.CSafeLoader) if item),
        small_platform.namespace(flagger.NAMESPACE),
        *pieces,
    )


@pytest.fixture(scope="module")
def releases(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster where every app is deployed."""
    with fresh_cluster(request, "operate-flagger") as made:
        apply_all(made.api, platform())
        for name in TOLERATED:
            apply_all(made.api, (small_platform.namespace(name), *compiled(name, STABLE).manifests))
        for name in TOLERATED.keys() - {UNBORN}:
            wait_for(lambda name=name: operate(made, "status", name)[0] == HEALTHY, f"{name} is deployed", 120)  # type: ignore[misc]
        # What must be acted on in time begins in its own test.
        for name in ("blamed", "stuck"):
            begin(made, name)
        yield made


def begin(cluster: Cluster, name: str, tag: str = NEW) -> None:
    """Changes what a new version changes."""
    apply_all(
        cluster.api, (item for item in compiled(name, tag).manifests if item["kind"] in ("DaemonSet", "Deployment"))
    )


def operate(cluster: Cluster, verb: str, app: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and standard error of a verb."""
    done = coalmine(verb, app, "--json", *arguments, environment={"KUBECONFIG": str(cluster.kubeconfig)})
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def at_step(cluster: Cluster, app: str) -> dict[str, Any]:
    """The status of a release once its first weight is set; every exit code on the way says `in progress`."""

    def begun() -> dict[str, Any]:
        code, status, problem = operate(cluster, "status", app)
        assert code == IN_PROGRESS, (status, problem)
        return status if status["step"] else {}

    status = wait_for(begun, f"{app}: the first weight is set", 90)
    assert (status["version"], status["step"], status["steps"], status["weight"]) == (NEW, 1, 2, 5)
    return status


def primary(cluster: Cluster, app: str) -> str:
    """The version of the pods that serve."""
    kind = "daemonsets" if app == EVERYWHERE else "deployments"
    found = cluster.api.get(path_of(f"apps/v1/{kind}", app, f"{app}-primary"))
    return str(found["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/version"])


def pods_wanted(cluster: Cluster, name: str) -> int:
    """How many nodes should have a pod of a DaemonSet."""
    found = cluster.api.get(path_of("apps/v1/daemonsets", EVERYWHERE, name))
    return int(found["status"]["desiredNumberScheduled"])


def test_one_release_is_aborted_and_another_promoted_by_hand(releases: Cluster) -> None:
    """Together, for both wait for the same looks of Flagger."""
    assert pods_wanted(releases, EVERYWHERE) == 0, "between releases the canary has no pods"
    for name in ("aborted", "promoted", EVERYWHERE):
        begin(releases, name)
    for name in ("aborted", "promoted", EVERYWHERE):
        at_step(releases, name)
    assert pods_wanted(releases, EVERYWHERE) == pods_wanted(releases, f"{EVERYWHERE}-primary") > 0
    code, _, problem = operate(releases, "retry", "aborted")
    assert (code, "was not aborted: it is in progress" in problem) == (WRONG, True), problem
    code, _, problem = operate(releases, "promote", "promoted")
    assert (code, "Flagger cannot end one step of app 'promoted': --full" in problem) == (WRONG, True), problem
    assert operate(releases, "abort", "aborted")[0] == HEALTHY
    assert operate(releases, "promote", "promoted", "--full", "--owner", "ada")[0] == HEALTHY
    assert operate(releases, "promote", EVERYWHERE, "--full")[0] == HEALTHY
    assert (primary(releases, EVERYWHERE), pods_wanted(releases, EVERYWHERE)) == (NEW, 0)

    code, status, _ = operate(releases, "watch", "aborted")
    assert (code, status["aborted"], status["weight"]) == (DEGRADED, True, 0), status
    assert status["reason"].startswith("aborted by hand"), status
    assert primary(releases, "aborted") == STABLE

    code, status, _ = operate(releases, "status", "promoted")
    assert (code, status["version"], status["promoted"], status["weight"]) == (HEALTHY, NEW, True, 100), status
    assert primary(releases, "promoted") == NEW
    canary = releases.api.get(path_of("flagger.app/v1beta1/canaries", "promoted", "promoted"))
    assert "skipAnalysis" not in canary["spec"], "later releases would be promoted without any check"
    told = [one for one in releases.api.items(path_of("v1/events", "promoted")) if one["type"] == "Warning"]
    by_hand = {one["reason"]: one["message"] for one in told if one["source"].get("component") == TELLER}
    assert by_hand["BreakGlass"] == "Promotion without checks: by ada, who gave no reason"
    assert "not done: Flagger cannot end one step" in by_hand["StepEndedRefused"]
    code, _, problem = operate(releases, "abort", "promoted")
    assert (code, f"no release in progress: version {NEW} gets all traffic" in problem) == (WRONG, True), problem


def test_a_failed_check_is_said_and_a_retry_begins_again(releases: Cluster) -> None:
    code, status, progress = operate(releases, "watch", "blamed")
    assert (code, status["aborted"], status["weight"]) == (DEGRADED, True, 0), status
    assert status["reason"].startswith("error rate could not be measured in 1 of 1 checks at weight 5 (request failed")
    assert "taken back: error rate could not be measured" in progress
    assert primary(releases, "blamed") == STABLE

    code, _, problem = operate(releases, "promote", "blamed", "--full")
    assert (code, "was taken back already" in problem) == (WRONG, True), problem
    assert operate(releases, "retry", "blamed")[0] == HEALTHY
    code, status, problem = operate(releases, "status", "blamed")
    assert (code, status["checks"], status["aborted"]) == (IN_PROGRESS, [], False), (status, problem)
    code, status, _ = operate(releases, "watch", "blamed")
    assert code == DEGRADED
    assert status["reason"].startswith("error rate could not be measured in 1 of 1 checks at weight 5 (request failed")


def test_pods_that_never_become_ready_are_said_to_be_the_cause(releases: Cluster) -> None:
    code, status, _ = operate(releases, "watch", "stuck")
    assert (code, status["aborted"]) == (DEGRADED, True), status
    assert status["reason"] == "no progress for 15s: its pods do not become ready"
    assert primary(releases, "stuck") == STABLE


def test_the_stable_version_wanted_again_is_healthy(releases: Cluster) -> None:
    operate(releases, "watch", "stuck")
    begin(releases, "stuck", STABLE)
    code, status, problem = operate(releases, "status", "stuck")
    assert (code, status["version"]) == (HEALTHY, STABLE), (status, problem)


@pytest.mark.parametrize("name", ["removed", UNBORN])
def test_an_app_is_destroyed_with_all_that_flagger_made_for_it(releases: Cluster, name: str) -> None:
    """Also one that never got its first pods. A destroy deletes stage after stage, and waits until each is gone."""
    api = releases.api
    canary = path_of("flagger.app/v1beta1/canaries", name, name)
    wait_for(lambda: api.get(canary).get("status"), f"{name}: Flagger has seen the Canary")
    for stage in reversed(stages(compiled(name, STABLE))):
        paths = [object_path(api, item) for item in stage]
        for path in paths:
            api.delete(path)
        wait_for(lambda paths=paths: not any(map(api.find, paths)), f"{paths} are gone")  # type: ignore[misc]
    for kind in ("v1/services", "apps/v1/deployments", "networking.istio.io/v1/virtualservices"):
        wait_for(lambda kind=kind: not api.items(path_of(kind, name)), f"{name}: no {kind} are left")  # type: ignore[misc]


def test_a_namespace_is_deleted_with_the_app_in_it(releases: Cluster) -> None:
    """All objects go at once: nothing of them may wait for another one."""
    path = path_of("v1/namespaces", name="left")
    releases.api.delete(path)
    wait_for(lambda: releases.api.find(path) is None, "the namespace is gone")


def test_flagger_is_allowed_all_that_it_does(releases: Cluster) -> None:
    said = "".join(file.read_text(errors="replace") for file in releases.state.logs.glob("*flagger*"))
    assert "Initialization done" in said, "the controller's log is not here: the test would prove nothing"
    forbidden = [line for line in said.splitlines() if "forbidden" in line]
    assert not forbidden, forbidden[:3]
