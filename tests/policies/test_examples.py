"""Every example keeps every rule of the pack as it is, advice included: what users copy must pass."""

import json

import pytest

from policies.registry import discover
from tests.coalmine import coalmine
from tests.specs import ROOT, SCENARIOS


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_example_keeps_every_rule_and_is_judged_by_every_rule(scenario: str) -> None:
    """On what it renders to, which other tests compare with the example. The rules' defaults: no configuration."""
    done = coalmine("check", ROOT / "tests/golden" / scenario, "--json")
    found = json.loads(done.stdout)
    assert [one["message"] for one in found["violations"]] == []
    assert (done.returncode, found["judged"]["rules"]) == (0, len(discover()))
