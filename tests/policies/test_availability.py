"""minimum-replicas: what it refuses, what it lets pass, and what it says."""

from typing import Any

import pytest

from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, canary, messages, rollout, secret

RULE = "minimum-replicas"


def _rollout(replicas: Any = None, app: str | None = None) -> dict[str, Any]:
    body = rollout({"setWeight": 5}, app=app)
    return body if replicas is None else {**body, "spec": {**body["spec"], "replicas": replicas}}


def _hpa(minimum: Any = None, namespace: str = "shop", **target: Any) -> dict[str, Any]:
    reference = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "checkout", **target}
    spec = {"scaleTargetRef": reference, "maxReplicas": 30}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "checkout", "namespace": namespace},
        "spec": spec if minimum is None else {**spec, "minReplicas": minimum},
    }


def _keda(minimum: Any = None) -> dict[str, Any]:
    spec = {"scaleTargetRef": {"kind": "Rollout", "name": "checkout"}}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": spec if minimum is None else {**spec, "minReplicaCount": minimum},
    }


@pytest.mark.parametrize(
    "stack",
    [
        pytest.param([_rollout(3)], id="replicas"),
        pytest.param([_rollout(), _hpa(3)], id="an autoscaler's minimum"),
        pytest.param([_rollout(1), _hpa(3)], id="the autoscaler decides, not where the Rollout starts"),
        pytest.param([_rollout(), _keda(3)], id="KEDA's minimum"),
        pytest.param([_rollout(secret(3))], id="a secret number"),
    ],
)
def test_enough_replicas_pass(stack: list[dict[str, Any]]) -> None:
    assert Engine(RULE).analyze_stack(*stack) == {RULE: []}


def test_too_few_replicas_are_refused_with_value_limit_and_fix() -> None:
    assert messages(RULE, _rollout(2)) == [
        "Rollout shop/checkout: spec.replicas is 2, the limit is 3; set spec.replicas to 3 or more"
    ]
    assert Engine(RULE).analyze_stack(_rollout(2))[RULE] == [
        "Rollout-checkout | Rollout shop/checkout: spec.replicas is 2, the limit is 3; set spec.replicas to 3 or more"
    ]


def test_replicas_that_nobody_sets_are_one() -> None:
    assert "spec.replicas is absent, which means 1, the limit is 3" in messages(RULE, _rollout())[0]


def test_the_autoscaler_is_named_where_its_minimum_is_too_low() -> None:
    assert messages(RULE, _rollout(5), _hpa(2)) == [
        "Rollout shop/checkout: spec.minReplicas of HorizontalPodAutoscaler shop/checkout is 2, the limit is 3; "
        "set spec.minReplicas of HorizontalPodAutoscaler shop/checkout to 3 or more"
    ]
    assert "is absent, which means 1" in messages(RULE, _rollout(5), _hpa())[0]
    assert "is absent, which means 0" in messages(RULE, _rollout(5), _keda())[0]


def test_the_fix_for_an_app_names_the_key_that_its_team_edits() -> None:
    [said] = messages(RULE, _rollout(2, app="checkout"))
    assert said.endswith("set it to 3 or more in apps/checkout.yaml: replicas (a stack's overrides come first)")
    [said] = messages(RULE, _rollout(app="checkout"), _hpa(2))
    assert "in apps/checkout.yaml: scaling.min" in said


@pytest.mark.parametrize(
    "other",
    [_hpa(3, namespace="other"), _hpa(3, name="search"), _hpa(3, kind="Deployment"), {**_hpa(3), "kind": "Job"}],
)
def test_what_scales_something_else_is_not_counted(other: dict[str, Any]) -> None:
    assert len(Engine(RULE).analyze_stack(_rollout(), other)[RULE]) == 1


def _knative(minimum: str | None) -> list[dict[str, Any]]:
    """A Canary, and the Knative Service that it watches."""
    target = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "checkout"}
    watching = canary(10, 30, 50, app="checkout")
    watching["spec"]["targetRef"] = target
    annotations = {f"autoscaling.knative.dev/{bound}": minimum for bound in ("min-scale", "max-scale") if minimum}
    service = {
        "apiVersion": target["apiVersion"],
        "kind": target["kind"],
        "metadata": {"name": "checkout", "namespace": "shop"},
        "spec": {"template": {"metadata": {"annotations": annotations}}},
    }
    return [watching, service]


def test_a_knative_service_keeps_as_many_by_its_own_annotation() -> None:
    assert messages(RULE, *_knative("3")) == []
    [said] = messages(RULE, *_knative("2"))
    assert "autoscaling.knative.dev/min-scale of Service shop/checkout is 2, the limit is 3" in said
    assert "in apps/checkout.yaml: replicas" in said
    assert "is absent, which means 0" in messages(RULE, *_knative(None))[0]
    assert messages(RULE, *_knative("many")), "what is no number keeps no pods"


def test_every_rollout_of_a_stack_is_judged() -> None:
    search = _rollout(1)
    search["metadata"] = {"name": "search", "namespace": "shop"}
    said = Engine(RULE).analyze_stack(_rollout(2), search, _rollout(3))
    assert [one.partition(" | ")[0] for one in said[RULE]] == ["Rollout-checkout", "Rollout-search"]


def test_the_limit_for_replicas_can_be_configured() -> None:
    assert messages(RULE, _rollout(2), min=2.0) == []
    assert Engine(RULE, config={RULE: {"min": 2.0}}).analyze_stack(_rollout(2)) == {RULE: []}


@pytest.mark.parametrize("value", ["3", True, [3]])
def test_replicas_of_another_type_are_refused_and_not_quoted(value: Any) -> None:
    [said] = messages(RULE, _rollout(value))
    assert "spec.replicas is a" in said or "spec.replicas is true or false" in said


@pytest.mark.parametrize(
    ("stack", "hidden"),
    [
        ([_rollout(UNKNOWN_NUMBER)], "spec.replicas of Rollout shop/checkout"),
        ([_rollout(5), _hpa(UNKNOWN_NUMBER)], "spec.minReplicas of HorizontalPodAutoscaler shop/checkout"),
        (
            [_rollout(5), _hpa(3, name=UNKNOWN_TEXT)],
            "spec.scaleTargetRef.name of HorizontalPodAutoscaler shop/checkout",
        ),
    ],
)
def test_replicas_only_the_update_knows_are_neither_refused_nor_passed_in_silence(
    stack: list[dict[str, Any]], hidden: str
) -> None:
    said = Engine(RULE).analyze_stack(*stack)
    assert said == {
        RULE: [],
        "undecided-in-stack-preview": [
            f"Rollout-checkout | Rollout shop/checkout: '{RULE}' is judged during the update, when {hidden} is known"
        ],
    }
