"""Whatever plain data is given as an app or a stack, the answer is a spec or a SpecError, never anything else."""

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from components.render import to_yaml
from tests.specs import SCENARIOS, Project, example_app, stack_keys

KEYS = ["name", "kind", "spec", "metadata", "labels", "containers", "image", "secret", "max", "min", "weight"]
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.sampled_from(["istio", "5m", "1%", "1", "shop", "error_rate", "p99", "a.example.com", "x:1"])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | TEXT, inner, max_size=4),
    max_leaves=8,
)
APPS = [example_app(name) for name in SCENARIOS]
SETTINGS = settings(max_examples=100, deadline=None, derandomize=True, database=None)


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) in plain data."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield data, key
        yield from _places(value)


def _bent(data: st.DataObject, base: Any) -> Any:
    """A valid spec in which up to three places hold something else."""
    made = copy.deepcopy(base)
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(_places(made))
        container, key = places[data.draw(st.integers(0, len(places) - 1))]
        container[key] = data.draw(DATA)
    return made


def _answer(app: Any, stack: Any) -> None:
    """Compiles and renders, or says in one line each what is wrong; anything else is an error of the test."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.stack(stack)
        project.apps(app)
        problems = project.problems()
        assert all(problem.file and "\n" not in str(problem) for problem in problems), problems
        manifests = [] if problems else [one for compiled in project.compile() for one in compiled.manifests]
        assert problems or manifests or not stack.get("apps")
        for manifest in manifests:
            assert yaml.safe_load(to_yaml(manifest)) == manifest


@SETTINGS
@given(DATA)
def test_any_data_as_an_app(app: Any) -> None:
    _answer(app, stack_keys())


@SETTINGS
@given(st.dictionaries(st.sampled_from(list(stack_keys())) | TEXT, DATA, max_size=4))
def test_any_data_as_a_stack(stack: Any) -> None:
    _answer(APPS[0], stack)


@SETTINGS
@given(st.data())
def test_a_valid_app_with_something_else_in_it(data: st.DataObject) -> None:
    _answer(_bent(data, data.draw(st.sampled_from(APPS))), stack_keys())


@SETTINGS
@given(st.data())
def test_a_valid_stack_with_something_else_in_it(data: st.DataObject) -> None:
    overrides = {"shop": {"replicas": 3, "delivery": {"analysis": {"interval": "1m"}}}}
    platform = {"istio": {"gateway": {"replicas": 3}}, "prometheus": {"storage": "5Gi"}}
    _answer(APPS[1], _bent(data, {**stack_keys(), "overrides": overrides, "platform": platform}))
