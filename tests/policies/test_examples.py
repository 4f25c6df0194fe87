"""Every example keeps every rule of the pack as it is, advice included: what users copy must pass."""

import json

import pytest

from policies.registry import discover
from tests.coalmine import coalmine
from tests.specs import ROOT, SCENARIOS

from .support import applicable, objects_in


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_example_keeps_every_rule_and_is_judged_by_every_rule_about_what_it_holds(scenario: str) -> None:
    """On what it renders to, which other tests compare with the example. The rules' defaults: no configuration."""
    tree = ROOT / "tests/golden" / scenario
    found = json.loads(coalmine("check", tree, "--json").stdout)
    broken = sorted((one["rule"], one["message"].split(":")[0]) for one in found["violations"])
    assert broken == []
    assert found["judged"]["rules"] == len(applicable(objects_in(tree)))


def test_every_rule_judges_some_example() -> None:
    everything = [one for scenario in SCENARIOS for one in objects_in(ROOT / "tests/golden" / scenario)]
    assert applicable(everything) == set(discover())
