"""The plan: what each weight is decided by, and which label tells a version from all others."""

from typing import Any

import pytest

from components.needs import needs
from components.plan import Plan, build_plan
from components.spec.app import AppSpec
from tests.specs import changed, example_app

SHOP = example_app()


def plan_of(app: dict[str, Any]) -> Plan:
    return build_plan(AppSpec.model_validate(app))


@pytest.mark.parametrize(
    ("hold", "interval", "checks", "rest"),
    [("2m", "30s", 4, "0s"), ("2m10s", "30s", 4, "10s"), ("30s", "30s", 1, "0s"), ("59s", "30s", 1, "29s")],
)
def test_a_weight_is_held_for_whole_intervals_and_a_rest(hold: str, interval: str, checks: int, rest: str) -> None:
    app = changed(SHOP, "delivery", "steps", to=[{"weight": 5, "hold": hold}])
    [stage] = plan_of(changed(app, "delivery", "analysis", "interval", to=interval)).stages
    assert (stage.gate.count, str(stage.rest), str(stage.hold)) == (checks, rest, hold)


def test_the_stages_are_the_steps_in_order() -> None:
    assert [stage.weight for stage in plan_of(SHOP).stages] == [5, 25, 50]


CHANGES: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "image": (("workload", "image"), "registry.example.com/shop:1.4.1"),
    "environment": (("workload", "env"), {"A": "b"}),
    "port": (("workload", "port"), 8081),
    "annotation": (("workload", "annotations"), {"a": "b"}),
    "resources": (("workload", "resources"), {"requests": {"cpu": "1"}}),
    "version": (("workload", "version"), "spring"),
}
SAME: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "replicas": (("replicas",), 5),
    "hosts": (("traffic", "hosts"), ["other.example.com"]),
    "steps": (("delivery", "steps"), [{"weight": 50, "hold": "5m"}]),
    "checks": (("delivery", "analysis", "checks"), [{"kind": "error_rate", "max": "2%"}]),
    "min_ready": (("workload", "min_ready"), "20s"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_the_pods_changes_the_revision(name: str) -> None:
    path, value = CHANGES[name]
    assert plan_of(changed(SHOP, *path, to=value)).revision != plan_of(SHOP).revision


@pytest.mark.parametrize("name", SAME)
def test_what_leaves_the_pods_alone_leaves_the_revision(name: str) -> None:
    path, value = SAME[name]
    assert plan_of(changed(SHOP, *path, to=value)).revision == plan_of(SHOP).revision


@pytest.mark.parametrize(
    ("version", "readable"),
    [("1.4.0", "1.4.0-"), ("feature/login", "feature-login-"), ("ü", ""), ("x" * 90, "x" * 40 + "-"), ("-1-", "1-")],
)
def test_a_revision_is_a_valid_label_whatever_the_version_is(version: str, readable: str) -> None:
    revision = plan_of(changed(SHOP, "workload", "version", to=version)).revision
    assert revision.startswith(readable)
    assert len(revision) == len(readable) + 10 <= 63


def test_the_revision_is_the_label_of_the_pods() -> None:
    plan = plan_of(SHOP)
    assert plan.template["metadata"]["labels"]["version"] == plan.revision


def test_two_runs_make_the_same_plan() -> None:
    assert plan_of(example_app("full-workload")) == plan_of(example_app("full-workload"))


def test_features_point_to_the_part_of_the_spec_that_asks_for_them() -> None:
    assert set(needs(plan_of(SHOP)).values()) == {("delivery", "steps", 0)}


def test_names_are_derived_from_the_app() -> None:
    plan = plan_of(SHOP)
    assert (plan.name, plan.canary_service) == ("shop", "shop-canary")
