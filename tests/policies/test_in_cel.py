"""The rules as the API server gets them: every one is there or says why not, with the levels and limits of a site."""

import re
from pathlib import Path

import pytest

from policies import cel, rules
from policies.admission import LEVEL_LABEL, Manifest, Strictness, manifests
from policies.configuration import configured
from policies.expressions import Cel, NotInCel, discover
from policies.facts import Kind
from policies.registry import discover as discover_rules
from policies.rule import Enforcement, ObjectRule
from policies.served import SERVED

RULES = [rule for rule in discover_rules().values() if isinstance(rule, ObjectRule)]
CASES = [pytest.param(rule, id=rule.id) for rule in RULES]
SPLIT = Kind("source.toolkit.fluxcd.io", "GitRepository")
LEFT_TO_DEFINITIONS = {"right-types"}
"""All that the API server is not asked; a rule that joins them has to be added here, where somebody sees it."""


def made(usual: Strictness = Strictness.WARN, **given: object) -> list[Manifest]:
    """The objects of all rules; `given`: a configuration, with `_` for `-`."""
    return manifests(configured(RULES, {name.replace("_", "-"): one for name, one in given.items()}), usual)


def named(objects: list[Manifest], name: str) -> Manifest:
    """The object with this name."""
    return next(one for one in objects if one["metadata"]["name"] == name)


def validated(objects: list[Manifest]) -> dict[str, set[str]]:
    """By rule, the policies that hold it."""
    found: dict[str, set[str]] = {}
    for one in objects:
        for variable in one["spec"].get("variables", []):
            if variable["name"].startswith("broken_"):
                rule = variable["name"].removeprefix("broken_").replace("_", "-")
                found.setdefault(rule, set()).add(one["metadata"]["name"])
    return found


def test_every_rule_about_one_object_is_said_or_says_why_not() -> None:
    said = discover()
    assert set(said) == {rule.id for rule in RULES}, "a rule about one object needs an entry in policies/cel/"
    assert {name for name, one in said.items() if isinstance(one, NotInCel)} == LEFT_TO_DEFINITIONS
    assert all(one.why and not one.why.endswith(".") for one in said.values() if isinstance(one, NotInCel))


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_said_for_each_of_its_kinds_once_and_for_no_other(rule: ObjectRule) -> None:
    said = discover()[rule.id]
    if isinstance(said, tuple):
        kinds: list[Kind] = [kind for one in said for kind in one.kinds]
        assert sorted(kinds, key=str) == sorted(rule.kinds, key=str)
        assert set(kinds) <= set(SERVED)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_that_is_said_uses_every_limit_that_a_site_may_set(rule: ObjectRule) -> None:
    said = discover()[rule.id]
    for one in said if isinstance(said, tuple) else ():
        used = set(one.needed(rule, rule.settings({})))
        assert {limit.name for limit in rule.parameters} <= used or len(said) > 1
    if isinstance(said, tuple):
        used = {name for one in said for name in one.needed(rule, rule.settings({}))}
        assert {limit.name for limit in rule.parameters} <= used


def test_what_a_family_says_lies_in_the_file_of_its_name() -> None:
    for file in Path(cel.__path__[0]).glob("[a-z]*.py"):
        assert (Path(rules.__path__[0]) / file.name).exists(), f"{file.name} is the name of no family"
    homes = {rule.id: rule.check.__module__.rpartition(".")[2] for rule in RULES}
    found = {}
    for file in Path(cel.__path__[0]).glob("[a-z]*.py"):
        found.update(dict.fromkeys(_said_in(file.stem), file.stem))
    assert found == homes


def _said_in(family: str) -> list[str]:
    return list(__import__(f"policies.cel.{family}", fromlist=["CEL"]).CEL)


def test_every_variable_stands_after_those_that_it_uses_and_none_is_left_over() -> None:
    for one in made():
        seen, used = set[str](), set[str]()
        expressions = [(each["name"], each["expression"]) for each in one["spec"].get("variables", [])]
        for each in one["spec"].get("validations", []):
            expressions += [("", each["expression"]), ("", each["messageExpression"])]
        for name, text in expressions:
            asked = set(re.findall(r"\bvariables\.(\w+)", text))
            assert asked <= seen, f"{one['metadata']['name']}: {name} uses {asked - seen} too early"
            used |= asked
            assert not name or name not in seen, f"two variables are named {name}"
            seen.add(name)
        assert seen - {""} <= used, f"{one['metadata']['name']}: nobody uses {seen - used}"


def test_rules_of_a_kind_share_what_is_the_same_and_nothing_else() -> None:
    variables = {one["name"]: one["expression"] for one in named(made(), "coalmine-rollout")["spec"]["variables"]}
    assert variables["steps"] == "object.spec.?strategy.?canary.?steps.orValue([])"
    assert {name for name in variables if name.endswith("_steps")} == set()
    assert variables["first_step_weight_max"] != variables["weight_jump_max"]


def test_a_rule_that_is_switched_off_has_no_policy() -> None:
    said = validated(made(deadline_abort="disabled"))
    assert "deadline-abort" not in said
    assert set(said) == set(validated(made())) - {"deadline-abort"}
    nothing = dict.fromkeys((rule.id for rule in RULES if SPLIT in rule.kinds), "disabled")
    names = [one["metadata"]["name"] for one in manifests(configured(RULES, nothing), Strictness.WARN)]
    assert names
    assert not [name for name in names if name.startswith("coalmine-gitrepository")], "a policy without rules"


def test_advice_warns_everywhere_and_refuses_nowhere() -> None:
    advice = [rule.id for rule in RULES if rule.enforcement is Enforcement.ADVISORY]
    objects = made(Strictness.DENY, deadline="advisory")
    said = validated(objects)
    for rule in (*advice, "deadline"):
        bindings = [one["spec"] for one in objects if one["spec"].get("policyName") in said[rule]]
        assert bindings
        for one in bindings:
            assert "Warn" in one["validationActions"]
            assert "Deny" not in one["validationActions"]
    assert said["deadline"] == {"coalmine-rollout-advice", "coalmine-canary-advice"}


def test_a_limit_of_a_site_is_in_the_policy() -> None:
    policy = named(made(first_step_weight={"max": 5}), "coalmine-rollout")
    assert {"name": "first_step_weight_max", "expression": "5.0"} in policy["spec"]["variables"]
    hosts = named(made(allowed_addresses={"hosts": ["it's.example"]}), "coalmine-canary")
    assert {"name": "allowed_addresses_hosts", "expression": r"['it\'s.example']"} in hosts["spec"]["variables"]


@pytest.mark.parametrize("usual", Strictness)
@pytest.mark.parametrize("label", [None, "warn", "audit", "deny", "denyy"])
def test_each_namespace_has_one_level_and_a_typo_is_the_usual_one(usual: Strictness, label: str | None) -> None:
    actions = {"warn": ["Warn"], "audit": ["Warn", "Audit"], "deny": ["Deny", "Audit"]}
    bindings = [one["spec"] for one in made(usual) if one["spec"].get("policyName") == "coalmine-rollout"]
    matching = [one["validationActions"] for one in bindings if _selects(one, label)]
    assert matching == [actions[label if label in actions else str(usual)]]


def _selects(binding: Manifest, label: str | None) -> bool:
    [asked] = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert asked["key"] == LEVEL_LABEL
    return (label in asked["values"]) is (asked["operator"] == "In")


@pytest.mark.parametrize("usual", Strictness)
def test_what_lives_in_no_namespace_has_the_usual_level_and_no_other(usual: Strictness) -> None:
    found = [one["spec"] for one in made(usual) if one["spec"].get("policyName") == "coalmine-clusteranalysistemplate"]
    assert len(found) == 1
    assert "matchResources" not in found[0]
    assert ("Deny" in found[0]["validationActions"]) is (usual is Strictness.DENY)


def test_no_two_objects_have_one_name_and_each_policy_is_bound() -> None:
    objects = made()
    names = [(one["kind"], one["metadata"]["name"]) for one in objects]
    assert len(set(names)) == len(names)
    bound = {one["spec"]["policyName"] for one in objects if one["kind"] == "ValidatingAdmissionPolicyBinding"}
    assert bound == {name for kind, name in names if kind == "ValidatingAdmissionPolicy"}


def test_a_variable_that_is_not_there_is_no_expression() -> None:
    with pytest.raises(KeyError):
        Cel(kinds=(), broken="variables.nowhere").needed(RULES[0], {})
