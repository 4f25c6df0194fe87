"""The policies in the API server, as a stack asks for them."""

from pathlib import Path
from typing import Any

import pytest

from components.manifests.meta import Manifest
from components.platform.checks import problems
from components.platform.namespaces import namespaces
from components.platform.piece import pieces_of
from components.platform.pieces import admission
from components.spec.load import LoadedStack
from tests.specs import Project, example_app, only, stack_keys

BINDING, POLICY = "ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"


def loaded(root: Path, kubernetes: str = "1.36", **options: Any) -> LoadedStack:
    """A stack with these options of its admission."""
    project = Project(root)
    keys = stack_keys()
    keys["cluster"]["kubernetes"] = kubernetes
    project.stack({**keys, "platform": {"admission": {"install": True, **options}}})
    project.apps(example_app())
    return project.load()


def made(root: Path, **options: Any) -> list[Manifest]:
    return [item for stage in admission.stages(loaded(root, **options).spec) for item in stage]


def said(root: Path, **options: Any) -> str:
    """Everything that is wrong with it."""
    return "\n".join(map(str, problems(loaded(root, **options))))


def test_it_is_installed_where_a_stack_asks_for_it(tmp_path: Path) -> None:
    assert "admission" in [piece.name for piece in pieces_of(loaded(tmp_path).spec)]
    assert "admission" not in [piece.name for piece in pieces_of(loaded(tmp_path, install=False).spec)]


def test_every_policy_is_there_before_what_binds_it(tmp_path: Path) -> None:
    first, second = admission.stages(loaded(tmp_path).spec)
    assert {one["kind"] for one in first} == {POLICY}
    assert {one["kind"] for one in second} == {BINDING}


def test_the_level_of_a_stack_is_that_of_namespaces_without_one(tmp_path: Path) -> None:
    binding = only(made(tmp_path, level="deny"), BINDING, "coalmine-rollout-deny")["spec"]
    [asked] = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert (asked["operator"], asked["values"]) == ("NotIn", ["warn", "audit"])


def test_a_namespace_of_apps_has_the_level_that_the_stack_gives_it(tmp_path: Path) -> None:
    stack = loaded(tmp_path, namespaces={"shop": "deny"})
    labels = only(namespaces(stack.spec, [app.spec for app in stack.apps]), "Namespace", "shop")["metadata"]["labels"]
    assert labels["coalmine.dev/admission"] == "deny"
    plain = loaded(tmp_path)
    labels = only(namespaces(plain.spec, [app.spec for app in plain.apps]), "Namespace", "shop")["metadata"]["labels"]
    assert "coalmine.dev/admission" not in labels


def test_the_limits_and_levels_of_the_stack_are_in_the_policies(tmp_path: Path) -> None:
    objects = made(tmp_path, rules={"first-step-weight": {"max": 5}, "deadline-abort": "disabled"})
    variables = {
        one["name"]: one["expression"] for one in only(objects, POLICY, "coalmine-rollout")["spec"]["variables"]
    }
    assert variables["first_step_weight_max"] == "5.0"
    assert "broken_deadline_abort" not in variables


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"rules": {"first-step-wait": {"max": 5}}},
            "platform.admission.rules.first-step-wait: no rule has this name (did you mean 'first-step-weight'?)",
        ),
        (
            {"rules": {"first-step-weight": {"max": 500}}},
            "platform.admission.rules.first-step-weight: 'max' must be from 1 to 100, not 500",
        ),
        ({"rules": {"deadline": "strict"}}, "platform.admission.rules.deadline: 'strict' is no level"),
        (
            {"rules": {"exemptions": {"days": 30}}},
            "platform.admission.rules.exemptions: the API server knows no exemptions",
        ),
        (
            {"namespaces": {"shopp": "deny"}},
            "platform.admission.namespaces.shopp: no app of the stack is in this namespace (known: shop)",
        ),
        ({"kubernetes": "1.32"}, "cluster.kubernetes: admission needs Kubernetes 1.33 or newer, not 1.32"),
    ],
)
def test_what_cannot_work_is_refused_by_name(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    assert message in said(tmp_path, **options)


def test_what_can_work_is_not_refused(tmp_path: Path) -> None:
    assert said(tmp_path, namespaces={"shop": "deny"}, rules={"all": "advisory"}) == ""
