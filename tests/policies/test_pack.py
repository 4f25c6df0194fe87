"""The pack around the rules: what applies where, configuration, and what two calls must not share."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel, Severity

from policies import docs, exemptions, undecided
from policies.engine import kind_of, plain
from policies.pack import policies
from policies.registry import InvalidRulesError, catalogue, discover
from policies.rule import ObjectRule, SettingsError, StackRule

from .support import UNKNOWN_NUMBER, UNKNOWN_TEXT, Engine, metric, rollout, template

ROOT = Path(__file__).resolve().parents[2]


def test_the_pack_holds_every_rule_once_and_the_undecided_ones_last_of_their_sort() -> None:
    rules = discover()
    about_objects = [name for name, rule in rules.items() if isinstance(rule, ObjectRule)]
    about_stacks = [name for name, rule in rules.items() if isinstance(rule, StackRule)]
    names = [policy.name for policy in policies(list(rules.values()))]
    of_objects = ["exemptions", *about_objects, "exempted", undecided.OBJECTS.id]
    assert names == [*of_objects, *about_stacks, "exempted-in-stack", undecided.STACK.id]
    assert len(rules) == len(about_objects) + len(about_stacks)


CATALOGUE = {
    "M!": "A1 A2 E1 G1 R1 X1 X3 X6",
    "M": "A3 A5 A6 A7 A10 A11 A13 A17 A19 E2 G2 G3 G4 G7 G8 R2 R3 R4 R5 R9 R10 R11 R12 R13 S1 S2 S3 S4 S5 "
    "S6 S9 S10 S11 S12 S13 S14 S15 T1 T2 T3 T4 T5 T7 T8 T9 T10 T11 T12 T13 T14 T15 T16 T18 T19 T20 "
    "T21 T22 T23 T27 T28 V1 V2 V4 V6 V7 V8 V9 V10 V11 V13 V14 W1 W2 W3 O1 X4 X5 X7 X8 X9",
    "A": "A4 A8 A9 A12 A14 A15 A16 A18 G5 G6 R6 R7 R8 S7 S8 T6 T17 T24 T25 T26 V5 V12 W4",
    "M, advisory until every app says it": "V3 X2",
}
LEVELS = {"M!": ("mandatory", "critical"), "M": ("mandatory", "high"), "A": ("advisory", "medium")}


def test_levels_and_severities_are_those_of_the_catalogue() -> None:
    told = {rule.code: (rule.enforcement.value, rule.severity.value) for rule in discover().values()}
    expected = {
        code: LEVELS.get(level, ("advisory", "high")) for level, codes in CATALOGUE.items() for code in codes.split()
    }
    assert told == expected
    levels = {policy.name: policy.enforcement_level for policy in policies(list(discover().values()))}
    by_name = {rule.id: EnforcementLevel(rule.enforcement.value) for rule in discover().values()}
    notes = {note.id: EnforcementLevel(note.enforcement.value) for note in exemptions.NOTES}
    open_questions = {note.id: EnforcementLevel.ADVISORY for note in undecided.NOTES}
    assert levels == {**by_name, **notes, **open_questions}


def test_a_pack_without_rules_is_refused_instead_of_letting_everything_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.rules.__path__", [])
    with pytest.raises(InvalidRulesError, match="no rules"):
        discover()


def test_the_engine_is_told_severity_schema_title_and_fix() -> None:
    policy = policies([discover()["first-step-weight"]])[1]
    assert policy.severity is Severity.HIGH
    assert policy.config_schema is not None
    limit = policy.config_schema.properties["max"]
    assert {name: limit[name] for name in ("type", "minimum", "maximum", "default")} == {
        "type": "integer",
        "minimum": 1,
        "maximum": 100,
        "default": 10,
    }
    assert all((policy.display_name, policy.remediation_steps, policy.tags, policy.description))


def test_an_object_of_another_kind_is_left_at_once() -> None:
    untouchable = {"apiVersion": "v1", "kind": "Namespace", "spec": UNKNOWN_TEXT}
    assert Engine().analyze(untouchable, "kubernetes:core/v1:Namespace") == {}
    assert Engine().analyze(untouchable, "random:index/randomPassword:RandomPassword") == {}


def test_type_tokens_and_manifests_name_the_same_kind() -> None:
    assert str(kind_of("kubernetes:core/v1:Service")) == str(kind_of("kubernetes:v1:Service"))
    assert kind_of("kubernetes:argoproj.io/v1alpha1:Rollout") in discover()["first-step-weight"].kinds
    assert kind_of("pulumi:providers:kubernetes") is None
    assert kind_of("kubernetes:yaml") is None


def test_two_rules_of_one_name_or_code_are_refused() -> None:
    rule = discover()["first-step-weight"]
    with pytest.raises(InvalidRulesError, match="two rules are named 'first-step-weight'"):
        catalogue([rule, replace(rule, code="S99")])
    with pytest.raises(InvalidRulesError, match="two rules have the code S2"):
        catalogue([rule, replace(rule, id="another")])


@pytest.mark.parametrize(
    "name", ["all", "environments", "exempted", undecided.OBJECTS.id, undecided.STACK.id, "First", "first_step", ""]
)
def test_a_rule_that_could_not_be_configured_is_refused(name: str) -> None:
    with pytest.raises(InvalidRulesError, match="cannot be the name of a rule"):
        catalogue([replace(discover()["first-step-weight"], id=name)])


def test_settings_report_every_problem_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        discover()["first-step-weight"].settings({"max": 120, "maxx": 5})
    assert str(refused.value) == (
        "first-step-weight: unknown parameter 'maxx' (did you mean 'max'?); 'max' must be from 1 to 100, not 120"
    )


@pytest.mark.parametrize("value", [0, 101, 2.5, "5", True, None, float("nan")])
def test_a_limit_out_of_range_or_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(SettingsError, match="'max' must be"):
        discover()["first-step-weight"].settings({"max": value})


def test_a_misspelt_parameter_is_not_ignored_by_the_engine_side() -> None:
    said = Engine("first-step-weight", config={"first-step-weight": {"maxx": 50.0}}).analyze(rollout({"setWeight": 5}))
    assert said["first-step-weight"] == [
        "the policy configuration is wrong: first-step-weight: unknown parameter 'maxx' (did you mean 'max'?)"
    ]


TWO = ("first-step-weight", "metric-condition")


def test_the_update_does_not_see_what_its_preview_saw() -> None:
    engine = Engine(TWO)
    preview = engine.analyze(rollout({"setWeight": UNKNOWN_NUMBER}))
    update = engine.analyze(rollout({"setWeight": 50}))
    assert [len(preview["first-step-weight"]), len(preview[undecided.OBJECTS.id])] == [0, 1]
    assert [len(update["first-step-weight"]), undecided.OBJECTS.id in update] == [1, False]


@pytest.mark.parametrize("disabled", [undecided.OBJECTS.id, "metric-condition"])
def test_a_disabled_policy_leaves_nothing_behind_for_the_next_object(disabled: str) -> None:
    engine = Engine(TWO, disabled=frozenset({disabled}))
    engine.analyze(rollout({"setWeight": UNKNOWN_NUMBER}))
    engine.analyze(template(metric(successCondition=UNKNOWN_TEXT)))
    said = engine.analyze(rollout({"setWeight": 5}))
    assert said == {"first-step-weight": []}


def test_a_disabled_rule_has_no_open_questions() -> None:
    engine = Engine(TWO, disabled=frozenset({"first-step-weight"}))
    assert engine.analyze(rollout({"setWeight": UNKNOWN_NUMBER})) == {}


def test_a_stack_without_an_object_to_judge_is_not_counted_as_judged() -> None:
    place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert Engine().analyze_stack(place, template()) == {}


def test_rules_about_stacks_refuse_a_wrong_configuration_too() -> None:
    said = Engine("minimum-replicas", config={"minimum-replicas": {"minn": 2.0}}).analyze_stack(rollout())
    assert said == {
        "minimum-replicas": [
            "the policy configuration is wrong: minimum-replicas: unknown parameter 'minn' (did you mean 'min'?)"
        ]
    }


ABOUT_STACKS = ("error-rate-and-latency", "minimum-replicas", "old-pods-stay")


@pytest.mark.parametrize("disabled", [undecided.STACK.id, *ABOUT_STACKS])
def test_a_stack_does_not_see_what_the_one_before_left_open(disabled: str) -> None:
    engine = Engine(ABOUT_STACKS, disabled=frozenset({disabled}))
    late = rollout({"analysis": {"templates": [{"templateName": UNKNOWN_TEXT}]}})
    late["spec"]["replicas"] = UNKNOWN_NUMBER
    engine.analyze_stack(late)
    known = rollout()
    known["spec"]["replicas"] = 3
    said = engine.analyze_stack(known)
    assert said == {name: [] for name in ABOUT_STACKS if name != disabled}


def test_conversion_keeps_text_that_looks_like_a_number_and_true_as_they_are() -> None:
    assert plain({"a": [1.0, 1.5, "1", True, None, {"b": 0.0}]}) == {"a": [1, 1.5, "1", True, None, {"b": 0}]}


def test_the_rules_run_where_the_sdk_is_not_installed() -> None:
    program = (
        "import sys; sys.modules['pulumi'] = sys.modules['pulumi_policy'] = None\n"
        "from policies.registry import discover; print(*discover())"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.stdout.split(), ran.stderr) == (list(discover()), "")


def test_the_reference_page_is_what_the_rules_say() -> None:
    written = (ROOT / "docs" / "reference" / "policies.md").read_text(encoding="utf-8")
    assert written == docs.page(discover().values()), "run: python -m policies.docs > docs/reference/policies.md"


def test_every_trap_of_the_engines_has_a_rule() -> None:
    page = (ROOT / "docs/concepts/policies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", page, re.MULTILINE)
    named = {int(number): set(re.findall(r"\[`([a-z-]+)`\]", rules)) for number, rules in rows}
    assert sorted(named) == list(range(1, 43))
    assert all(rules and rules <= set(discover()) for rules in named.values())
