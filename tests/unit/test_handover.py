"""An app's way from Pulumi to a GitOps engine and back: what each run does, and whose the fields are then."""

from typing import Any

import pytest

from components.adoption import RESOURCE_ANNOTATION
from components.handover import Course, course, is_of_git, turned_over
from components.spec.labels import VIA_ANNOTATION
from components.through_git import PHASE_ANNOTATION


def live(**annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "annotations": annotations}}


BY_PULUMI = live(**{RESOURCE_ANNOTATION: "app$rollout::shop"})
BY_GIT = live(**{VIA_ANNOTATION: "gitops"})
TAKEN_BACK = live(**{VIA_ANNOTATION: "gitops", RESOURCE_ANNOTATION: "app$rollout::shop"})


def order(phase: str) -> dict[str, Any]:
    return live(**{PHASE_ANNOTATION: phase})


KEPT = Course(registers=True, kept=True, phase="waiting")
BEGUN = Course(registers=False, phase="delivering", turns=True)
DELIVERED = Course(registers=False, phase="delivering")
RELEASED = Course(registers=True, phase="released", turns=True)
PULUMIS = Course(registers=True)


@pytest.mark.parametrize(
    ("release", "delivery", "does"),
    [
        (None, None, DELIVERED),
        (BY_PULUMI, None, KEPT),
        (BY_PULUMI, order("waiting"), BEGUN),
        (BY_GIT, order("waiting"), BEGUN),
        (BY_PULUMI, order("delivering"), DELIVERED),
        (BY_GIT, order("delivering"), DELIVERED),
        (BY_GIT, None, DELIVERED),
        # On the way back somebody thought better of it.
        (TAKEN_BACK, order("released"), KEPT),
        (BY_GIT, order("released"), DELIVERED),
    ],
)
def test_to_git(release: Any, delivery: Any, does: Course) -> None:
    assert course("gitops", release, delivery) == does


@pytest.mark.parametrize(
    ("release", "delivery", "does"),
    [
        (None, None, PULUMIS),
        (BY_PULUMI, None, PULUMIS),
        (BY_GIT, order("delivering"), RELEASED),
        (TAKEN_BACK, order("released"), PULUMIS),
        (BY_PULUMI, order("waiting"), PULUMIS),
    ],
)
def test_back_to_pulumi(release: Any, delivery: Any, does: Course) -> None:
    assert course("pulumi", release, delivery) == does


def test_pulumis_objects_are_never_left_out_before_they_are_kept() -> None:
    """Left out of the program, what is not marked to be kept is deleted."""
    for delivery in (None, order("released")):
        assert course("gitops", BY_PULUMI, delivery) == KEPT


def test_what_git_delivered_and_pulumi_took_over_is_pulumis() -> None:
    assert is_of_git(BY_GIT)
    assert not is_of_git(TAKEN_BACK)
    assert not is_of_git(BY_PULUMI)
    assert not is_of_git(None)


def entry(manager: str, operation: str, fields: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": operation,
        "apiVersion": "apps/v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
        **others,
    }


def test_fields_get_one_owner_and_others_keep_theirs() -> None:
    controller = entry("rollouts-controller", "Update", {"f:spec": {"f:http": {}}})
    status = entry("pulumi-kubernetes-coalmine", "Update", {"f:status": {}}, subresource="status")
    made = entry("pulumi-kubernetes", "Update", {"f:spec": {"f:a": {}, "f:b": {"f:c": {}}}})
    applied = entry("pulumi-kubernetes-coalmine", "Apply", {"f:spec": {"f:b": {"f:d": {}}}})
    turned = turned_over([controller, made, status, applied], "pulumi-kubernetes", "argocd-controller")
    whole = {"f:spec": {"f:a": {}, "f:b": {"f:c": {}, "f:d": {}}}}
    assert turned == [controller, status, entry("argocd-controller", "Apply", whole)]


def test_what_the_new_owner_has_already_stays_its_own() -> None:
    its = entry("pulumi-kubernetes-coalmine", "Apply", {"f:metadata": {"f:annotations": {"f:a": {}}}})
    given = entry("argocd-controller", "Apply", {"f:metadata": {"f:annotations": {"f:b": {}}}})
    [turned] = turned_over([its, given], "argocd-controller", "pulumi-kubernetes-coalmine") or []
    assert turned["fieldsV1"] == {"f:metadata": {"f:annotations": {"f:a": {}, "f:b": {}}}}
    assert turned["manager"] == "pulumi-kubernetes-coalmine"


def test_entries_of_another_version_of_the_kind_stay_apart() -> None:
    old = entry("argocd-controller", "Apply", {"f:spec": {"f:a": {}}}, apiVersion="apps/v1beta1")
    new = entry("argocd-controller", "Apply", {"f:spec": {"f:b": {}}})
    turned = turned_over([old, new], "argocd-controller", "pulumi-kubernetes-coalmine")
    assert [(one["apiVersion"], one["fieldsV1"]["f:spec"]) for one in turned or []] == [
        ("apps/v1beta1", {"f:a": {}}),
        ("apps/v1", {"f:b": {}}),
    ]


def test_where_the_old_owner_has_nothing_nothing_is_written() -> None:
    assert turned_over([entry("kubectl", "Update", {})], "pulumi-kubernetes", "argocd-controller") is None
