"""A misspelt key, anywhere, is refused at its place with the key that was meant."""

from pathlib import Path
from typing import Any

import pytest

from components.spec.app import AppSpec
from components.spec.base import json_schema
from components.spec.cluster import StackSpec
from components.spec.errors import Problem, format_path
from tests.specs import Project, changed, example_app, stack_keys

from .schema_places import Place, places


def _name(place: Place) -> str:
    return format_path((*place.path, place.key))


def _merged(base: Any, change: Any) -> Any:
    """The change inside a valid spec; lists are replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        return base | {key: _merged(base.get(key), value) for key, value in change.items()}
    return change


def _expected(file: str, prefix: str, place: Place, typo: str) -> Problem:
    path = prefix + format_path((*place.path, typo))
    return Problem(file, path, f"unknown key (did you mean '{place.key}'?)")


APP_PLACES = places(json_schema(AppSpec))
STACK_PLACES = places(json_schema(StackSpec))


@pytest.mark.parametrize("place", APP_PLACES, ids=_name)
def test_a_typo_in_an_app_is_refused_with_the_key_that_was_meant(place: Place, tmp_path: Path) -> None:
    typo = place.key + place.key[-1]
    project = Project(tmp_path)
    project.apps(_merged(example_app(), place.data(typo)))
    assert _expected("apps/app.yaml", "", place, typo) in project.problems(), project.messages()


@pytest.mark.parametrize("place", STACK_PLACES, ids=_name)
def test_a_typo_in_a_stack_is_refused_with_the_key_that_was_meant(place: Place, tmp_path: Path) -> None:
    typo = place.key + place.key[-1]
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack(_merged(stack_keys(), place.data(typo)))
    assert _expected("stacks/Pulumi.test.yaml", "coalmine:", place, typo) in project.problems(), project.messages()


@pytest.mark.parametrize("place", APP_PLACES, ids=_name)
def test_a_typo_in_an_override_is_refused_in_the_stack_file(place: Place, tmp_path: Path) -> None:
    typo = place.key + place.key[-1]
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack({**stack_keys(), "overrides": {"shop": place.data(typo)}})
    expected = _expected("stacks/Pulumi.test.yaml", "coalmine:overrides.shop.", place, typo)
    assert expected in project.problems(), project.messages()


def test_every_corner_of_the_models_is_reached() -> None:
    reached = {_name(place) for place in (*APP_PLACES, *STACK_PLACES)}
    corners = {
        "delivery.steps[0].hold",
        "delivery.analysis.checks[0].quantile",
        "traffic.retries.per_try_timeout",
        "workload.env.some-name.secret",
        "workload.env.some-name.field",
        "workload.probes.startup.initial_delay",
        "workload.resources.limits.ephemeral_storage",
        "workload.volumes[0].empty_dir",
        "delivery.router.gateway_selector",
        "platform.istio.gateway.replicas",
    }
    assert corners - reached == set()


def test_a_key_that_resembles_none_is_answered_with_all_of_them(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(changed(example_app(), "traffic", "zzz", to=1))
    known = "known: hosts, match, port, retries, routers, timeout"
    assert project.messages() == [f"apps/app.yaml: traffic.zzz: unknown key ({known})"]
