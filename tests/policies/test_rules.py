"""Every rule by its own examples: what keeps it, what breaks it, exemptions, unknown values, other limits."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from policies.configuration import configured
from policies.documents import Verdict, judge
from policies.examples import A_CANARY, A_ROLLOUT, subjects
from policies.facts import Kind, KubeObject, Unknown, dotted
from policies.registry import discover
from policies.rule import Example, Finding, ObjectRule, Parameter, Rule, StackRule, Undecided, Violation, sentence
from policies.stack import Stack

from .support import NOW, exempted

RULES = list(discover().values())
CASES = [pytest.param(rule, id=rule.id) for rule in RULES]
Path = tuple[str | int, ...]
_NAMES = {("apiVersion",), ("kind",), ("metadata",), ("metadata", "name"), ("metadata", "namespace")}
"""Without these nobody knows which object is meant; the pack gets them elsewhere."""


def asked(rule: Rule, objects: list[KubeObject], **settings: Any) -> list[Finding]:
    """What a rule says about the first object of a stack."""
    if isinstance(rule, StackRule):
        return list(rule.check(objects[0], Stack(objects).only(rule.context), rule.settings(settings)))
    assert isinstance(rule, ObjectRule)
    return list(rule.check(objects[0], rule.settings(settings)))


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where every value of an object stands."""
    if path and path not in _NAMES:
        yield path
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in pairs:
        yield from places(inner, (*path, step))


def replaced(objects: list[KubeObject], index: int, path: Path, value: Any) -> list[KubeObject]:
    """The stack with one value of one object exchanged."""
    body = deepcopy(dict(objects[index].body))
    inner: Any = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return [replace(one, body=body) if number == index else one for number, one in enumerate(objects)]


def with_unknowns(example: Example) -> Iterator[tuple[str, list[KubeObject]]]:
    """The example with each of its values unknown in turn."""
    objects = subjects(example)
    for index, one in enumerate(objects):
        for path in places(one.body):
            yield f"{one} {dotted(path)}", replaced(objects, index, path, Unknown(dotted(path)))


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_told_in_full(rule: Rule) -> None:
    assert rule.passes, "no example keeps it"
    assert rule.fails, "no example breaks it"
    for text in (rule.title, rule.why, rule.fix, rule.source):
        assert text
        assert "\n" not in text
    assert rule.why.endswith("."), rule.why
    assert rule.fix.endswith("."), rule.fix
    assert not rule.title.endswith("."), rule.title
    judged = {Kind.of(one["apiVersion"], one["kind"]) for one in _bodies(rule)}
    assert judged == set(rule.kinds), "a kind that it looks at has no example"


def _bodies(rule: Rule) -> Iterator[Mapping[str, Any]]:
    for example in (*rule.passes, *rule.fails):
        first = example[0]
        yield first.body if isinstance(first, KubeObject) else first


@pytest.mark.parametrize("example", [A_ROLLOUT, A_CANARY], ids=["rollout", "canary"])
def test_a_whole_stack_keeps_every_rule_advice_included(example: Example) -> None:
    verdict = judge(subjects(example), configured(RULES, {}))
    assert [one.message for one in verdict.breaches] == []
    assert verdict.rules > 25


@pytest.mark.parametrize("rule", CASES)
def test_what_keeps_a_rule_passes_it(rule: Rule) -> None:
    for number, example in enumerate(rule.passes):
        assert asked(rule, subjects(example)) == [], f"passes[{number}]"


@pytest.mark.parametrize("rule", CASES)
def test_what_breaks_a_rule_is_refused_with_reason_and_fix(rule: Rule) -> None:
    for number, example in enumerate(rule.fails):
        objects = subjects(example)
        found = asked(rule, objects)
        assert found, f"fails[{number}] passes"
        for one in found:
            assert isinstance(one, Violation), f"fails[{number}]: {one}"
            said = sentence(objects[0], one)
            assert "None" not in said, said
            assert not said.endswith("."), said


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_that_is_switched_off_says_nothing_and_no_other_one_says_it(rule: Rule) -> None:
    for example in rule.fails:
        objects = subjects(example)
        said = {one.rule.rule.id for one in judge(objects, configured(RULES, {})).breaches if one.index == 0}
        without = judge(objects, configured(RULES, {rule.id: "disabled"})).breaches
        assert rule.id in said
        assert rule.id not in {one.rule.rule.id for one in without}


@pytest.mark.parametrize("rule", CASES)
def test_an_exemption_takes_a_violation_away_shows_it_and_is_over_by_itself(rule: Rule) -> None:
    for example in rule.fails:
        objects = subjects(example)
        plain = {one.message for one in _of(rule, objects).breaches}
        verdict = _of(rule, _exempted(objects, rule, "2026-12-10"))
        assert [one for one in verdict.breaches if one.index == 0] == []
        told = [one.message for one in verdict.exempted]
        assert told
        assert all(f" exempted from '{rule.id}' until 2026-12-10 by shop " in one for one in told)
        over = _of(rule, _exempted(objects, rule, "2026-11-30"))
        assert (over.exempted, {one.exempts for one in over.exemptions}) == ((), {0})
        ended = "; the exemption by shop ended on 2026-11-30"
        assert {one.message.removesuffix(ended) for one in over.breaches} == plain
        assert all(one.message.endswith(ended) for one in over.breaches if one.index == 0)


def _of(rule: Rule, objects: list[KubeObject]) -> Verdict:
    """What one rule says."""
    return judge(objects, configured(RULES, {"all": "disabled", rule.id: "mandatory"}, NOW))


def _exempted(objects: list[KubeObject], rule: Rule, until: str) -> list[KubeObject]:
    return [replace(objects[0], body=exempted(objects[0].body, rule.id, until)), *objects[1:]]


@pytest.mark.parametrize("rule", CASES)
def test_what_may_be_wrong_never_passes_in_silence(rule: Rule) -> None:
    """An example that breaks the rule with one value unknown: that value may be the bad one."""
    for example in rule.fails:
        for place, objects in with_unknowns(example):
            assert asked(rule, objects), f"{place} is unknown, and nothing is said"


@pytest.mark.parametrize("rule", CASES)
def test_what_may_be_right_is_never_refused(rule: Rule) -> None:
    """An example that keeps the rule with one value unknown: that value may be the good one."""
    for example in rule.passes:
        for place, objects in with_unknowns(example):
            refused = [one for one in asked(rule, objects) if isinstance(one, Violation)]
            assert refused == [], f"{place} is unknown"


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_says_which_value_it_waits_for(rule: Rule) -> None:
    found = [one for example in rule.fails for _, objects in with_unknowns(example) for one in asked(rule, objects)]
    assert any(isinstance(one, Undecided) and one.path for one in found), "no unknown value keeps it from judging"


LIMITS = [
    pytest.param(rule, parameter, id=f"{rule.id}.{parameter.name}") for rule in RULES for parameter in rule.parameters
]


@pytest.mark.parametrize(("rule", "parameter"), LIMITS)
def test_a_limit_changes_the_verdict(rule: Rule, parameter: Any) -> None:
    """One end of its range judges some example otherwise than the default does."""
    ends = [parameter.minimum, parameter.maximum] if isinstance(parameter, Parameter) else [[], ["*"]]
    for example in (*rule.passes, *rule.fails):
        objects = subjects(example)
        usual = asked(rule, objects)
        if any(bool(asked(rule, objects, **{parameter.name: end})) != bool(usual) for end in ends):
            return
    pytest.fail("no example is judged otherwise with another limit")


EITHER = {"duration", "port"}
"""Fields that take a number and a text, which mean different things."""
OTHER_TYPES = ("x", 7, True, ["x"], {"x": "y"})
TYPES = discover()["right-types"]


def of_other_types(example: Example) -> Iterator[tuple[str, list[KubeObject]]]:
    """The example with each of its values exchanged for one of each other type in turn."""
    objects = subjects(example)
    for index, one in enumerate(objects):
        for path in places(one.body):
            value = one.at(*path)
            for other in OTHER_TYPES:
                if type(other) is not type(value) and not (path[-1] in EITHER and isinstance(other, int | str)):
                    yield f"{one} {dotted(path)} = {other!r}", replaced(objects, index, path, other)


@pytest.mark.parametrize("rule", CASES)
def test_a_value_of_another_type_neither_fails_nor_passes_in_silence(rule: Rule) -> None:
    """An example that breaks the rule still does, or the type itself is refused; no rule fails at any value."""
    for example in rule.fails if rule is not TYPES else ():
        for place, objects in of_other_types(example):
            if not asked(rule, objects):
                judged = [one for one in objects if one.kind in TYPES.kinds]
                assert any(asked(TYPES, [one]) for one in judged), f"{place} passes in silence"
    for example in rule.passes:
        for _, objects in of_other_types(example):
            asked(rule, objects)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_that_is_broken_itself_makes_these_tests_fail(rule: Rule) -> None:
    """One that never says anything, and one that always does."""
    always = Violation("something", "change it")
    with pytest.raises(AssertionError, match="passes"):
        test_what_breaks_a_rule_is_refused_with_reason_and_fix(_saying(rule))
    with pytest.raises(AssertionError, match="is unknown, and nothing is said"):
        test_what_may_be_wrong_never_passes_in_silence(_saying(rule))
    with pytest.raises(AssertionError, match=r"no unknown value|passes"):
        test_a_rule_says_which_value_it_waits_for(_saying(rule, always))
    with pytest.raises(AssertionError):
        test_what_keeps_a_rule_passes_it(_saying(rule, always))
    with pytest.raises(AssertionError, match="is unknown"):
        test_what_may_be_right_is_never_refused(_saying(rule, always))


def _saying(rule: Rule, *findings: Finding) -> Rule:
    """The rule as if that was all that it ever found."""
    return replace(rule, check=lambda *_: iter(findings))  # type: ignore[call-arg]


@pytest.mark.parametrize(("rule", "parameter"), LIMITS)
def test_a_rule_that_ignores_its_limit_makes_that_test_fail(rule: Rule, parameter: Any) -> None:
    check, usual = rule.check, rule.settings({})  # type: ignore[attr-defined]
    deaf = replace(rule, check=lambda *asked: check(*asked[:-1], usual))  # type: ignore[call-arg]
    with pytest.raises(pytest.fail.Exception, match="no example is judged otherwise"):
        test_a_limit_changes_the_verdict(deaf, parameter)
