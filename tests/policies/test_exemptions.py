"""Exemptions: only a whole one exempts, everybody sees which there are, and none lasts longer than it says."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies.configuration import ConfigurationError, configured
from policies.documents import Manifest, Verdict, judge, manifests
from policies.exemptions import GLASS, GLASS_RULES
from policies.registry import discover

from .support import NOW, UNKNOWN_TEXT, Engine, annotated, canary, exempted, rollout

RULE = "first-step-weight"
ONLY = {"all": "disabled", RULE: "mandatory", "exemptions": "mandatory"}
FOUND = "the first weight is 40 %, the limit is 10 %; set spec.strategy.canary.steps[0].setWeight to 10 or less"
BAD = rollout({"setWeight": 40})


def judged(*bodies: Mapping[str, Any], now: datetime = NOW, **config: Any) -> Verdict:
    """What one rule says about objects, with the exemptions that are on them and in the configuration."""
    found = [one.subject for body in bodies for one in manifests(body) if isinstance(one, Manifest)]
    config = {**ONLY, **config}
    if isinstance(config["exemptions"], dict):
        config["exemptions"] = {"enforcementLevel": "mandatory", **config["exemptions"]}
    return judge(found, configured(discover().values(), config, now))


def said(*bodies: Mapping[str, Any], **config: Any) -> dict[str, list[str]]:
    """The same as messages by the names that they are reported under."""
    found: dict[str, list[str]] = {}
    for one in judged(*bodies, **config).breaches:
        found.setdefault(one.rule.rule.id, []).append(one.message)
    return found


def entry(**fields: Any) -> dict[str, Any]:
    """The configuration with one exemption; None leaves a field out."""
    whole = {
        "rule": RULE,
        "objects": ["Rollout shop/checkout"],
        "owner": "shop",
        "reason": "it is tried",
        "until": "2026-12-10",
    }
    return {"exemptions": {"entries": [{key: one for key, one in {**whole, **fields}.items() if one is not None}]}}


WRONG = [
    pytest.param({"owner": None}, "'owner' is missing", id="no owner"),
    pytest.param({"reason": None}, "'reason' is missing", id="no reason"),
    pytest.param({"until": None}, "'until' is missing", id="no end"),
    pytest.param({"owner": " "}, "'owner' is empty", id="an empty owner"),
    pytest.param({"reason": 7}, "'reason' must be a text, not 7", id="a number as the reason"),
    pytest.param({"reason": "a\nb"}, "'reason' must be one line of at most 500 characters", id="two lines"),
    pytest.param({"reason": "a\x1b[2J"}, "'reason' must be one line of at most 500 characters", id="escapes"),
    pytest.param({"until": 20261210}, "'until' must be a text, not 20261210", id="a number as the end"),
    pytest.param(
        {"until": "2026-02-30"},
        "'until' must be a day like 2027-01-31 or a moment like 2027-01-31T18:00Z",
        id="a day that does not exist",
    ),
    pytest.param(
        {"until": "10.12.2026"},
        "'until' must be a day like 2027-01-31 or a moment like 2027-01-31T18:00Z",
        id="a date of another form",
    ),
    pytest.param(
        {"until": "2026-12-10T10:00+14:00"},
        "'until' must be a day like 2027-01-31 or a moment like 2027-01-31T18:00Z",
        id="a moment elsewhere",
    ),
    pytest.param({"until": "9999-12-30"}, "and at most 90 are allowed", id="the end of the calendar"),
    pytest.param({"until": "2027-03-02"}, "'until' is 91 days away, and at most 90 are allowed", id="too far away"),
    pytest.param({"untill": "2026-12-10"}, "unknown field 'untill' (did you mean 'until'?)", id="a misspelt field"),
]


@pytest.mark.parametrize(("fields", "problem"), WRONG)
def test_an_annotation_that_is_not_whole_exempts_nothing_and_says_why(fields: dict[str, Any], problem: str) -> None:
    found = said(exempted(BAD, RULE, **fields))
    assert found[RULE] == [f"Rollout shop/checkout: {FOUND}"]
    [message] = found["exemptions"]
    assert message.startswith(f"Rollout shop/checkout: annotation exemptions.coalmine.dev/{RULE} exempts nothing: ")
    assert problem in message


@pytest.mark.parametrize(("fields", "problem"), WRONG)
def test_an_entry_that_is_not_whole_is_an_error_that_names_it(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        judged(BAD, **entry(**fields))
    assert str(refused.value).startswith("exemptions: entries[0]: ")
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "its value must be JSON with owner, reason, until, each once"),
        ("owner: shop", "its value must be JSON with owner, reason, until, each once"),
        ('{"owner": "a", "owner": "b", "reason": "c", "until": "2026-12-10"}', "each once"),
        ("[" * 4000, "its value must be JSON with owner, reason, until, each once"),
        ("[1]", "must be an object with owner, reason, until, not a list"),
        ("x" * 5_000_000, "its value is longer than 4096 characters"),
        (True, "its value must be a text with JSON, not true or false"),
        ({"owner": "shop"}, "its value must be a text with JSON, not an object"),
    ],
    ids=["empty", "YAML", "twice", "deep", "a list", "huge", "true", "an object"],
)
def test_a_value_of_another_form_exempts_nothing_and_says_why(value: Any, problem: str) -> None:
    found = said(annotated(BAD, RULE, value))
    assert (len(found[RULE]), problem in found["exemptions"][0]) == (1, True), found


def test_an_unknown_rule_is_named_with_the_nearest_one() -> None:
    where = "annotation exemptions.coalmine.dev/first-step-wait exempts nothing"
    assert said(exempted(BAD, "first-step-wait"))["exemptions"] == [
        f"Rollout shop/checkout: {where}: no rule has this name (did you mean 'first-step-weight'?)"
    ]
    with pytest.raises(ConfigurationError, match=r"no rule has the name 'first-step'.*'first-step-weight'"):
        judged(BAD, **entry(rule="first-step"))
    # Also on an object that no rule looks at, where it would be overlooked for longest.
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    assert list(said(exempted(other, "first-step-wait"))) == ["exemptions"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"days": 0}, "exemptions: 'days' must be from 1 to 366, not 0"),
        ({"day": 30}, "exemptions: unknown parameter 'day' (did you mean 'days'?)"),
        ({"days_of": {RULE: 400}}, f"exemptions: days_of.{RULE}: 'days' must be from 1 to 366, not 400"),
        ({"days_of": {"first": 4}}, "exemptions: days_of: no rule has the name 'first'"),
        ({"days_of": []}, "exemptions: 'days_of' must be an object with the names of rules as keys, not a list"),
        ({"entries": {}}, "exemptions: 'entries' must be a list, not an object"),
        ({"entries": ["all"]}, "exemptions: entries[0]: must be an object with owner, reason, until, not a text"),
    ],
)
def test_wrong_terms_are_refused_with_what_would_be_right(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        judged(BAD, exemptions=given)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    ("objects", "problem"),
    [
        (None, "'objects' is missing"),
        ([], "'objects' must be a list like ['Rollout shop/checkout']"),
        ("Rollout shop/checkout", "'objects' must be a list like ['Rollout shop/checkout']"),
        (["checkout"], "'objects' must name objects as messages do: 'Rollout shop/checkout', 'Rollout shop/*'"),
        (["* shop/checkout"], "'objects' must name objects as messages do"),
        (["Rollout */checkout"], "'objects' must name objects as messages do"),
        (["Rolout shop/checkout"], f"'objects': {RULE} looks at no Rolout (did you mean 'Rollout'?)"),
        (["Service shop/checkout"], f"'objects': {RULE} looks at no Service (known: Canary, Rollout)"),
    ],
)
def test_objects_that_an_entry_cannot_mean_are_refused(objects: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        judged(BAD, **entry(objects=objects))
    assert f"exemptions: entries[0]: {problem}" in str(refused.value)


def test_an_entry_covers_the_objects_that_it_names_and_no_others() -> None:
    other = {**BAD, "metadata": {"name": "checkout", "namespace": "elsewhere"}}
    found = judged(BAD, other, **entry())
    assert [(one.index, one.message) for one in found.breaches] == [(1, f"Rollout elsewhere/checkout: {FOUND}")]
    assert [one.message for one in found.exempted] == [
        f"Rollout shop/checkout: exempted from '{RULE}' until 2026-12-10 by shop (it is tried): {FOUND}"
    ]
    assert [one.index for one in judged(BAD, other, **entry(objects=["Rollout shop/c*"])).breaches] == [1]
    assert [one.index for one in judged(BAD, other, **entry(objects=["Rollout shop/check"])).breaches] == [0, 1]


@pytest.mark.parametrize(
    ("until", "holds_at", "over_at"),
    [
        ("2026-12-10", "2026-12-10T23:59:59+00:00", "2026-12-11T00:00:00+00:00"),
        ("2026-12-10T18:00Z", "2026-12-10T17:59:59+00:00", "2026-12-10T18:00:00+00:00"),
    ],
)
def test_an_exemption_holds_to_its_last_moment_in_utc(until: str, holds_at: str, over_at: str) -> None:
    body = exempted(BAD, RULE, until)
    assert judged(body, now=datetime.fromisoformat(holds_at)).breaches == ()
    [breach] = judged(body, now=datetime.fromisoformat(over_at)).breaches
    assert breach.message == f"Rollout shop/checkout: {FOUND}; the exemption by shop ended on {until}"


def test_the_most_days_are_those_of_the_site_of_a_rule_or_of_a_rule_that_the_site_names() -> None:
    def allowed(rule: str, away: int, **terms: Any) -> bool:
        body = exempted(BAD, rule, (NOW + timedelta(days=away)).date().isoformat())
        return "exemptions" not in said(body, exemptions=terms)

    assert (allowed(RULE, 90), allowed(RULE, 91)) == (True, False)
    assert (allowed(RULE, 30, days=30), allowed(RULE, 31, days=30)) == (True, False)
    assert (allowed("released-with-care", 14), allowed("released-with-care", 15)) == (True, False)
    assert allowed("released-with-care", 14, days=200)
    assert not allowed("released-with-care", 15, days=200)
    assert not allowed("released-with-care", 14, days=10)
    assert allowed("released-with-care", 60, days_of={"released-with-care": 60.0})


SKIPS = canary(5, 25) | {"spec": {**canary(5, 25)["spec"], "skipAnalysis": True}}


def test_broken_glass_exempts_from_the_rules_about_skipping_for_hours_and_from_no_other() -> None:
    config = {"analysis-not-skipped": "mandatory", "weight-jump": "mandatory"}
    body = exempted(SKIPS, GLASS, "2026-12-02T13:30Z")
    found = judged(body, **config)
    assert [one.rule.rule.id for one in found.breaches] == ["weight-jump"]
    [waived] = found.exempted
    assert waived.message.startswith(
        "Canary shop/checkout: exempted from 'analysis-not-skipped' until 2026-12-02T13:30Z by shop ("
    )
    assert [(one.exemption.rule, one.exempts) for one in found.exemptions] == [(GLASS, 1)]
    over = judged(body, now=NOW + timedelta(days=1), **config)
    assert over.exempted == ()
    assert any(one.message.endswith("; the exemption by shop ended on 2026-12-02T13:30Z") for one in over.breaches)
    assert set(GLASS_RULES) <= set(discover())


@pytest.mark.parametrize(
    ("until", "problem"),
    [
        ("2026-12-02T13:31Z", "'until' is 1 day away, and at most 24 hours are allowed"),
        ("2026-12-01", "'until' must be a moment like 2027-01-31T18:00Z, at most 24 hours away"),
    ],
)
def test_glass_is_broken_for_hours_only(until: str, problem: str) -> None:
    found = said(exempted(SKIPS, GLASS, until), **{"analysis-not-skipped": "mandatory"})
    assert (len(found["analysis-not-skipped"]), problem in found["exemptions"][0]) == (1, True), found


def test_all_exemptions_are_listed_with_what_they_still_do() -> None:
    good = exempted(rollout({"setWeight": 5}), RULE)
    idle = entry(objects=["Rollout gone/checkout"])
    found = judged(exempted(BAD, RULE), good, **idle)
    listed = [(one.index, one.exempts, one.exemption.days_left(NOW), one.exemption.objects) for one in found.exemptions]
    assert listed == [(0, 1, 9, ()), (1, 0, 9, ()), (None, 0, 9, ("Rollout gone/checkout",))]


def test_a_site_may_refuse_what_is_exempted() -> None:
    found = judged(exempted(BAD, RULE), exempted="mandatory")
    assert (found.refused, [one.rule.rule.id for one in found.breaches]) == (1, ["exempted"])


def test_what_a_site_does_not_read_exempts_nothing() -> None:
    config = {**entry(), "all": "disabled", RULE: "mandatory"}
    config["exemptions"] = {**config["exemptions"], "enforcementLevel": "disabled"}
    assert [one.rule.rule.id for one in judged(BAD, **config).breaches] == [RULE]


def test_an_exemption_that_only_the_update_knows_exempts_nothing_in_a_preview() -> None:
    found = Engine(RULE, now=NOW).analyze(annotated(BAD, RULE, UNKNOWN_TEXT))
    assert found[RULE] == [f"Rollout shop/checkout: {FOUND}"]
    assert "is known only during the update, and has to be known before" in found["exemptions"][0]


def test_what_a_preview_cannot_judge_is_exempted_too_and_shown() -> None:
    late = rollout({"setWeight": "3eeb2bf0-c639-47a8-9e75-3b44932eb421"})
    found = Engine(RULE, now=NOW).analyze(exempted(late, RULE))
    assert found[RULE] == []
    assert "undecided-in-preview" not in found
    assert found["exempted"] == [
        f"Rollout shop/checkout: exempted from '{RULE}' until 2026-12-10 by shop (the router comes in spring): "
        "it cannot be judged before spec.strategy.canary.steps[0].setWeight is known"
    ]


def test_the_pack_learns_the_site_s_exemptions_before_it_judges_also_of_stacks() -> None:
    few = rollout({"setWeight": 5})
    few["spec"]["replicas"] = 1
    config = entry(rule="minimum-replicas")
    engine = Engine("minimum-replicas", config=config, now=NOW)
    assert engine.analyze(few) == {}
    found = engine.analyze_stack(few)
    assert (found["minimum-replicas"], len(found["exempted-in-stack"])) == ([], 1)
    later = Engine("minimum-replicas", config=config, now=NOW + timedelta(days=20))
    later.analyze(few)
    [message] = later.analyze_stack(few)["minimum-replicas"]
    assert message.endswith("; the exemption by shop ended on 2026-12-10")


def test_wrong_terms_are_told_by_the_pack_and_exempt_nothing() -> None:
    engine = Engine(RULE, config=entry(owner=None), now=NOW)
    found = engine.analyze(BAD)
    assert found["exemptions"] == ["the policy configuration is wrong: exemptions: entries[0]: 'owner' is missing"]
    assert len(found[RULE]) == 1


def test_one_object_s_exemption_is_not_another_one_s() -> None:
    engine = Engine(RULE, now=NOW)
    assert engine.analyze(exempted(BAD, RULE))[RULE] == []
    second = engine.analyze(BAD)
    assert (len(second[RULE]), "exempted" in second) == (1, False)


def test_no_exemption_changes_another_rule() -> None:
    whole = configured(discover().values(), {}, datetime(2026, 12, 1, tzinfo=UTC))
    body = json.loads(json.dumps(BAD))
    plain, waived = (
        judge([one.subject for one in manifests(given) if isinstance(one, Manifest)], whole)
        for given in (body, exempted(body, RULE))
    )
    others = [one.message for one in plain.breaches if one.rule.rule.id != RULE]
    assert [one.message for one in waived.breaches] == others
    assert len(others) > 3
