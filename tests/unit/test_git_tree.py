"""What stands in Git is what Pulumi registers: on its way between them an app restarts no pod."""

import copy
from pathlib import Path
from typing import Any

import pytest

from components.adoption import Reference, refusal
from components.git_tree import ByGit, for_git
from components.spec.cluster import StackSpec
from components.spec.labels import STACK_LABEL, VIA_ANNOTATION
from tests.specs import compiled_app, example_app, stack_keys

STACK = "coalmine.test"


def without_marks(manifest: dict[str, Any]) -> dict[str, Any]:
    bare = copy.deepcopy(manifest)
    for part in ("labels", "annotations"):
        bare["metadata"].pop(part, None)
    return bare


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
def test_only_marks_on_the_objects_themselves_differ(engine: str, tmp_path: Path) -> None:
    stack = {**stack_keys(), "delivery": {**stack_keys()["delivery"], "engine": engine}}
    for one in compiled_app(tmp_path, example_app(), stack).manifests:
        given = for_git(one, STACK, "argocd")
        assert without_marks(given) == without_marks(one)
        assert given["metadata"]["labels"] == {**one["metadata"]["labels"], STACK_LABEL: STACK}
        assert given["metadata"]["annotations"] == {
            **one["metadata"].get("annotations", {}),
            VIA_ANNOTATION: "gitops",
        }


def test_what_was_delivered_from_git_may_be_taken_over_by_the_same_stack_alone(tmp_path: Path) -> None:
    for one in compiled_app(tmp_path, example_app()).manifests:
        live = for_git(one, STACK, "argocd")
        assert refusal(live, Reference.of(one), STACK, "any$resource::of-it") is None
        assert refusal(live, Reference.of(one), "coalmine.other", "any$resource::of-it")


def test_a_chart_claims_no_more_that_helm_manages_its_objects() -> None:
    label = "app.kubernetes.io/managed-by"
    given = {"kind": "Deployment", "metadata": {"name": "a", "labels": {label: "Helm"}}}
    assert for_git(given, STACK, "flux")["metadata"]["labels"][label] == "flux"


def test_a_stack_without_an_engine_delivers_nothing_from_git() -> None:
    assert ByGit.of(StackSpec.model_validate({**stack_keys(), "apps": []})) is None
