"""Presets: what they stand for, that any value of theirs can be written anew, and that each says why."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from components.spec.app import AppSpec
from components.spec.merging import merge
from components.spec.presets import PRESETS, PresetName
from tests.specs import EXAMPLES, app_messages, changed, example_app

NAMES = list(PRESETS)


def delivery_of(written: dict[str, Any]) -> dict[str, Any]:
    app = AppSpec.model_validate(changed(example_app(), "delivery", to=written))
    return app.delivery.model_dump(mode="json", exclude={"preset"}, exclude_unset=True)


def messages(root: Path, written: dict[str, Any]) -> list[str]:
    return app_messages(root, changed(example_app(), "delivery", to=written))


def test_every_preset_can_be_named() -> None:
    assert tuple(NAMES) == get_args(PresetName)


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_alone_is_a_whole_delivery(name: str) -> None:
    assert delivery_of({"preset": name}) == delivery_of(dict(PRESETS[name].values))


def test_an_app_with_a_preset_needs_about_ten_lines() -> None:
    text = (EXAMPLES / "presets/apps/payments.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["delivery"] == {"preset": "cautious"}
    assert len([line for line in text.splitlines() if not line.startswith("#")]) <= 10


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every key of a preset; a list is one value, but for checks, of which each has its own limit."""
    for key, value in values.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from leaves(value, here)
        elif key == "checks":
            yield from (f"{here}[{index}].max" for index in range(len(value)))
        elif key != "strategy":
            yield here


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_preset_has_a_reason(name: str) -> None:
    assert set(PRESETS[name].reasons) == set(leaves(PRESETS[name].values))


def test_what_is_written_beside_a_preset_replaces_its_value_and_nothing_else() -> None:
    written = {"preset": "standard", "analysis": {"minimum_requests": 7}, "rollback": {"keep_old_pods": "1m"}}
    wanted = merge(PRESETS["standard"].values, {key: value for key, value in written.items() if key != "preset"})
    assert delivery_of(written) == delivery_of(wanted)
    assert delivery_of(written)["analysis"]["interval"] == "1m"
    assert delivery_of(written)["rollback"] == {"deadline": "10m", "keep_old_pods": "1m"}


def test_a_list_replaces_that_of_the_preset_whole() -> None:
    steps = [{"weight": 10, "hold": "5m"}]
    assert [step["weight"] for step in delivery_of({"preset": "cautious", "steps": steps})["steps"]] == [10]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt preset": (
        {"preset": "standrad"},
        "delivery.preset: unknown preset 'standrad' (did you mean 'standard'?)",
    ),
    "a preset that is no name": (
        {"preset": 5},
        "delivery.preset: unknown preset 5 (known: blue-green, cautious, fast, standard)",
    ),
    "another strategy than the preset's": (
        {"preset": "fast", "strategy": "blue-green", "hold": "5m"},
        "delivery.strategy: preset 'fast' is a release of strategy 'canary': leave 'strategy' out, "
        "or choose preset 'blue-green'",
    ),
    "a strategy that no preset has": (
        {"preset": "fast", "strategy": "ab"},
        "delivery.strategy: preset 'fast' is a release of strategy 'canary': leave 'strategy' out, "
        "or write the release without a preset",
    ),
    "a key of another strategy": (
        {"preset": "blue-green", "steps": []},
        "delivery.steps: unknown key, which belongs to 'canary'",
    ),
    "a value that does not fit the preset's": (
        {"preset": "blue-green", "hold": "10s"},
        "delivery.hold: 10s is too short, no check could fail in it: "
        "analysis.interval x (tolerated_failures + 1) is 30s",
    ),
    "a needed value taken away": ({"preset": "fast", "analysis": None}, "delivery.analysis: is required"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_preset_and_what_is_beside_it_must_fit(name: str, tmp_path: Path) -> None:
    written, message = REFUSED[name]
    assert messages(tmp_path, written) == [message]
