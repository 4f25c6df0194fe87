"""Every stack of the project under every rule, without an engine: what users copy must pass."""

import pytest

from components.cli.output import open_stack, stack_names
from components.compile import compile_stack
from tests.specs import ROOT

from .support import Engine, applicable, mandatory


@pytest.mark.parametrize("stack", stack_names(ROOT))
def test_a_stack_of_ours_passes_every_rule_and_is_judged_by_every_rule_about_what_it_holds(stack: str) -> None:
    compiled = compile_stack(open_stack(stack, ROOT))
    manifests = [manifest for app in compiled for manifest in app.manifests]
    said = Engine().analyze_stack(*manifests)
    for manifest in manifests:
        for rule, found in Engine().analyze(manifest).items():
            said.setdefault(rule, []).extend(found)
    assert {rule: found for rule, found in said.items() if found and mandatory(rule)} == {}
    assert set(said) == applicable(manifests)
