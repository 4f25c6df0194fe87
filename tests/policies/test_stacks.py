"""Every stack of the project under every rule, without an engine: what users copy must pass."""

import pytest

from components.cli.output import open_stack, stack_names
from components.compile import compile_stack
from tests.specs import ROOT

from .support import Engine, applicable, mandatory

LIMITS = {"local": {"old-pods-wait": {"min": 5}, "ready-for-a-while": {"min": 1}}}
"""The demo's releases are in a hurry."""


@pytest.mark.parametrize("stack", stack_names(ROOT))
def test_a_stack_of_ours_passes_every_rule_and_is_judged_by_every_rule_about_what_it_holds(stack: str) -> None:
    compiled = compile_stack(open_stack(stack, ROOT))
    manifests = [manifest for app in compiled for manifest in app.manifests]
    engine = Engine(
        config=LIMITS.get(stack, {}),
        ignored={key: paths for app in compiled for key, paths in app.ownership.pulumi.items()},
    )
    said = engine.analyze_stack(*manifests)
    for manifest in manifests:
        for rule, found in engine.analyze(manifest).items():
            said.setdefault(rule, []).extend(found)
    assert {rule: found for rule, found in said.items() if found and mandatory(rule)} == {}
    assert set(said) == applicable(manifests)
