"""What breaks releases with these engines, and cannot come out of the compiler: one test for each such trap."""

from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled, check_app, compile_stack
from components.spec.load import load_stack
from tests.specs import EXAMPLES, SCENARIOS, Project, changed, compiled_app, example_app, only, stack_keys

FIXED, SCALED = example_app(), example_app("autoscaled")
NAME = "app.kubernetes.io/name"


def compiled(root: Path, app: dict[str, Any], engine: str) -> Compiled:
    stack = stack_keys()
    stack["delivery"]["other_engines"] = ["flagger"]
    return compiled_app(root, changed(app, "delivery", "engine", to=engine), stack)


def every_app(scenario: str) -> list[Compiled]:
    """The apps of an example, for its own stack."""
    root = EXAMPLES / scenario
    return compile_stack(load_stack(root, root / "stacks/Pulumi.example.yaml", check_app))


def steady(app: dict[str, Any]) -> dict[str, Any]:
    """The app with holds that every engine can do."""
    steps = [{**step, "hold": "5m"} for step in app["delivery"]["steps"]]
    return changed(app, "delivery", "steps", to=steps)


@pytest.mark.parametrize("app", [FIXED, SCALED], ids=["replicas", "scaling"])
def test_flagger_is_never_fought_over_the_number_of_pods(tmp_path: Path, app: dict[str, Any]) -> None:
    """It scales the Deployment to zero between releases; a number there would start all canary pods again."""
    made = compiled(tmp_path, steady(app), "flagger")
    assert "replicas" not in only(made.manifests, "Deployment")["spec"]
    scaler = only(made.manifests, "HorizontalPodAutoscaler")
    assert scaler["spec"]["minReplicas"] >= 2
    reference = only(made.manifests, "Canary")["spec"]["autoscalerRef"]
    assert (reference["kind"], reference["name"]) == (scaler["kind"], scaler["metadata"]["name"])


def test_an_autoscaler_of_a_rollout_is_never_fought_over_the_number_of_pods(tmp_path: Path) -> None:
    assert "replicas" not in only(compiled(tmp_path, SCALED, "argo-rollouts").manifests, "Rollout")["spec"]


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
def test_a_drain_spares_the_pods_that_serve(tmp_path: Path, engine: str) -> None:
    """Flagger's stable pods have another name than the app; a budget without it would protect nobody."""
    made = compiled(tmp_path, steady(FIXED), engine)
    selector = only(made.manifests, "PodDisruptionBudget")["spec"]["selector"]
    pods = next(
        one["spec"]["template"]["metadata"]["labels"] for one in made.manifests if "template" in one.get("spec", {})
    )
    stable = f"{pods[NAME]}-primary" if engine == "flagger" else pods[NAME]
    for name in (pods[NAME], stable):
        fits = [{**pods, NAME: name}[one["key"]] in one["values"] for one in selector.get("matchExpressions", [])]
        fits += [{**pods, NAME: name}[key] == value for key, value in selector.get("matchLabels", {}).items()]
        assert fits, "the budget selects nothing in particular"
        assert all(fits), f"pods named {name} are not protected"


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
def test_what_spreads_the_pods_counts_them_by_a_label_that_the_engine_keeps(tmp_path: Path, engine: str) -> None:
    """Flagger renames its stable pods, and the same label in their constraints only where it has the app's name."""
    made = compiled(tmp_path, {**steady(FIXED), "disruption": {"nodes": "require"}}, engine)
    pod = next(one["spec"]["template"]["spec"] for one in made.manifests if "template" in one.get("spec", {}))
    for constraint in pod["topologySpreadConstraints"]:
        assert constraint["labelSelector"] == {"matchLabels": {NAME: FIXED["name"]}}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_release_is_made_without_its_checks(scenario: str) -> None:
    """`skipAnalysis` would hold for every release, the first one that matters among them."""
    manifests = [one for made in every_app(scenario) for one in made.manifests]
    for canary in (one for one in manifests if one["kind"] == "Canary"):
        assert "skipAnalysis" not in canary["spec"]
        assert canary["spec"]["analysis"]["metrics"], "nothing is checked"


def test_two_apps_cannot_release_the_same_pods(tmp_path: Path) -> None:
    """Two Canaries that watch one Deployment would each scale it, and each copy the other's version."""
    project = Project(tmp_path)
    stack = stack_keys()
    stack["delivery"]["engine"] = "flagger"
    project.stack(stack)
    app = steady(FIXED)
    project.apps(app, {**changed(app, "traffic", "hosts", to=["other.example.com"]), "name": "other"})
    for made in project.compile():
        canary = only(made.manifests, "Canary")
        target = canary["spec"]["targetRef"]
        assert only(made.manifests, target["kind"])["metadata"]["name"] == target["name"] == canary["metadata"]["name"]
    project.apps(app, app)
    assert project.messages(), "two apps of one name are accepted"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_rollout_shares_its_pods_with_a_deployment(scenario: str) -> None:
    """A Deployment that a Rollout takes over and that GitOps scales up again would serve beside every release."""
    for made in every_app(scenario):
        for rollout in (one for one in made.manifests if one["kind"] == "Rollout"):
            assert "Deployment" not in [one["kind"] for one in made.manifests]
            taken_over = rollout["spec"].get("workloadRef")
            if taken_over:
                given_up = made.ownership.pulumi[taken_over["kind"], taken_over["name"]]
                assert given_up == ("spec.replicas",), "the contract of ownership must tell those who made it"
