"""Every example keeps every mandatory rule of the pack: what users copy must pass. What is advised is listed here."""

import json
from collections.abc import Mapping

import pytest

from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT, SCENARIOS

from .support import LEFT_TO_APPS, applicable, objects_in

ADVICE: Mapping[str, set[str]] = {
    "configuration": {"spread-over-zones"},
    "notifications": {"pause-ends"},
    "packaged": {"spread-over-zones"},
    "pod-template": {"spread-over-zones"},
    "presets": {"release-duration"},
    "several-routers": {"router-lives-on"},
    "strategies": {"pause-ends", "plain-copies", "release-duration", "weighted-experiment-on-istio"},
}
"""What examples do on purpose: a person decides, pods are another's, a release is short, NGINX is shown."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_example_keeps_every_rule_and_is_judged_by_every_rule_about_what_it_holds(scenario: str) -> None:
    """On what it renders to, which other tests compare with the example. The rules' defaults, or its configuration."""
    tree = ROOT / "tests/golden" / scenario
    config = EXAMPLES / scenario / "policy-config.json"
    found = json.loads(coalmine("check", tree, *(["--config", config] if config.exists() else []), "--json").stdout)
    refused = [(one["rule"], one["message"]) for one in found["violations"] if one["level"] == "mandatory"]
    assert refused == []
    assert {one["rule"] for one in found["violations"]} - LEFT_TO_APPS == ADVICE.get(scenario, set())
    assert found["judged"]["rules"] == len(applicable(objects_in(tree)))
