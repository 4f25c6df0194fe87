"""Every rendered object of every example, before the real API server and the engine's own linter.

The API server validates strictly, against the real definitions of Argo Rollouts and Istio: an unknown field, a wrong
type or a value out of range is an error. Nothing is kept (`dryRun=All`).
"""

import copy
from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled, check_app, compile_stack
from components.spec.load import load_stack
from localcluster.api import Api, ApiError, path_of
from tests.linter import lint
from tests.specs import EXAMPLES, SCENARIOS, only

from .objects import apply_all
from .strictly import dry_run, dry_run_whole, make_namespace

OWN_PODS = [scenario for scenario in SCENARIOS if scenario != "adoption"]
"""The examples whose apps write their pods, and do not take those of others."""
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def apps_of(scenario: str) -> list[Compiled]:
    root = EXAMPLES / scenario
    return compile_stack(load_stack(root, root / "stacks/Pulumi.example.yaml", check_app))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_api_server_takes_every_object_and_keeps_it_as_it_is(api: Api, scenario: str) -> None:
    for app in apps_of(scenario):
        make_namespace(api, app.plan.namespace)
        refused = [said for said in (dry_run_whole(api, manifest) for manifest in app.manifests) if said]
        assert not refused, "\n".join(refused)


MISTAKES: dict[str, tuple[str, tuple[str | int, ...], Any]] = {
    "an unknown field of a Rollout": ("Rollout", ("spec", "strategy", "canary", "maxSurges"), 1),
    "an unknown field of a step": ("Rollout", ("spec", "strategy", "canary", "steps", 0, "weight"), 5),
    "an unknown field of a container": ("Rollout", ("spec", "template", "spec", "containers", 0, "imge"), "x"),
    "an unknown field of a metric": ("AnalysisTemplate", ("spec", "metrics", 0, "failLimit"), 1),
    "an unknown field of a route": ("VirtualService", ("spec", "http", 0, "rout"), []),
    "an unknown field of a gateway": ("Gateway", ("spec", "server"), []),
    "an unknown field of a Canary": ("Canary", ("spec", "service", "gateway"), "x"),
    "an unknown field of its analysis": ("Canary", ("spec", "analysis", "stepWeigths"), [5]),
    "an unknown field of its metric": ("Canary", ("spec", "analysis", "metrics", 0, "treshold"), 1),
    "an unknown field of a ScaledObject": ("ScaledObject", ("spec", "triggers", 0, "metadat"), {}),
    "an unknown field of an alert": ("Canary", ("spec", "analysis", "alerts", 0, "level"), "warn"),
    "an unknown field of an alert provider": ("AlertProvider", ("spec", "chanel"), "x"),
    "an unknown field of a metric template": ("MetricTemplate", ("spec", "provider", "adress"), "x"),
}


def has(manifest: dict[str, Any], path: tuple[str | int, ...]) -> bool:
    """Whether there is such a place in an object."""
    place: Any = manifest
    for part in path:
        place = place.get(part, {}) if isinstance(part, str) else (place or [{}])[part]
    return bool(place)


@pytest.mark.parametrize("name", MISTAKES)
def test_the_api_server_would_see_a_mistake(api: Api, name: str) -> None:
    """The definitions really check these places: a test that nothing can fail proves nothing."""
    kind, path, value = MISTAKES[name]
    scenarios = ("canary", "both-engines", "autoscaled", "notifications")
    every = [app for scenario in scenarios for app in apps_of(scenario)]
    inside = path[:-1]
    app, found = next((app, one) for app in every for one in app.manifests if one["kind"] == kind and has(one, inside))
    make_namespace(api, app.plan.namespace)
    manifest = copy.deepcopy(found)
    place: Any = manifest
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert f'unknown field "{".".join(map(str, path)).replace(".0", "[0]")}"' in dry_run(api, manifest)


@pytest.mark.parametrize("scenario", OWN_PODS)
def test_pods_are_let_into_a_restricted_namespace(api: Api, scenario: str) -> None:
    """Under the API server's own Pod Security admission, at its strictest level."""
    for app in apps_of(scenario):
        namespace = f"restricted-{app.plan.namespace}"
        make_namespace(api, namespace, RESTRICTED)
        template = copy.deepcopy(
            next(one["spec"]["template"] for one in app.manifests if "template" in one.get("spec", {}))
        )
        account = template["spec"]["serviceAccountName"]
        names = {"name": account, "namespace": namespace}
        apply_all(api, [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": names}])
        template["metadata"] |= {"name": app.plan.name, "namespace": namespace}
        assert dry_run(api, {"apiVersion": "v1", "kind": "Pod", **template}) == ""


def test_a_pod_with_privileges_is_not(api: Api) -> None:
    make_namespace(api, "restricted-none", RESTRICTED)
    container = {"name": "a", "image": "a:1", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "restricted-none"}}
    with pytest.raises(ApiError, match="violates PodSecurity"):
        api.request("POST", path_of("v1/pods", "restricted-none"), {**pod, "spec": {"containers": [container]}})


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_engines_linter_finds_nothing(scenario: str, tmp_path: Path) -> None:
    for app in apps_of(scenario):
        done = lint(tmp_path / f"{app.plan.name}.yaml", [resolved(app, one) for one in app.manifests])
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), f"{scenario}/{app.plan.name}"


def resolved(app: Compiled, one: dict[str, Any]) -> dict[str, Any]:
    """A Rollout with the pods of what it refers to, as the controller validates it; the linter does not read them."""
    if one["kind"] != "Rollout" or "workloadRef" not in one["spec"]:
        return one
    labels = app.plan.app.selector
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    written = {key: value for key, value in one["spec"].items() if key != "workloadRef"}
    return {**one, "spec": {**written, "selector": {"matchLabels": labels}, "template": pods}}


def test_the_engines_linter_finds_nothing_in_a_rollout_that_refers_to_a_deployment(tmp_path: Path) -> None:
    """By itself: Services are compared with pods that it does not read."""
    [rollout] = [one for app in apps_of("adoption") for one in app.manifests if one["kind"] == "Rollout"]
    done = lint(tmp_path / "rollout.yaml", [rollout])
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    both = copy.deepcopy(rollout)
    both["spec"]["template"] = {"metadata": {"labels": {"app": "shop"}}}
    assert "template must be empty" in lint(tmp_path / "both.yaml", [both]).stdout


def test_the_engines_linter_would_see_a_reference_that_leads_nowhere(tmp_path: Path) -> None:
    manifests = copy.deepcopy(apps_of("canary")[0].manifests)
    route = only(manifests, "VirtualService", "shop-split")["spec"]["http"][0]
    route["route"].pop()
    done = lint(tmp_path / "shop.yaml", manifests)
    assert done.returncode != 0
    assert "Canary Service" in done.stdout + done.stderr
