"""Every preset keeps every rule of the pack as it is, on every engine that can release it."""

from pathlib import Path

import pytest

from components.spec.errors import SpecError
from components.spec.presets import PRESETS
from policies.registry import discover
from tests.specs import changed, compiled_app, example_app, stack_keys

from .support import LEFT_TO_APPS, messages, subject

REFUSED = {("blue-green", "flagger")}
"""Whose checks would run before any user's request reaches the new version."""


@pytest.mark.parametrize("engine", ["argo-rollouts", "flagger"])
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_keeps_every_rule(name: str, engine: str, tmp_path: Path) -> None:
    app = changed(example_app(), "delivery", to={"preset": name})
    stack = changed(stack_keys(), "delivery", "engine", to=engine)
    if (name, engine) in REFUSED:
        with pytest.raises(SpecError, match=r"delivery\.strategy: app 'shop' needs a switch of all traffic"):
            compiled_app(tmp_path, app, stack)
        return
    made = compiled_app(tmp_path, app, stack).manifests
    judged = [(rule, one) for rule in discover().values() for one in made if subject(one).kind in rule.kinds]
    assert "first-step-weight" in {rule.id for rule, _ in judged}
    said = {rule.id: found for rule, one in judged if (found := messages(rule.id, one, *made))}
    assert set(said) - LEFT_TO_APPS <= {"release-duration"}, said
