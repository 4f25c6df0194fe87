"""Changes in place: only by choice, only what makes an object keep its rule, and no secret loses its mark."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as server

from policies.configuration import Level, configured
from policies.documents import judge
from policies.examples import CANARY, ROLLOUT, put, subjects
from policies.facts import Unknown, dotted
from policies.pack import policies
from policies.registry import discover
from policies.remedies import applied, changes
from policies.rule import REMOVED, Example, ObjectRule, Rule

from .project import ObjectsProject
from .support import NOW, UNKNOWN_NUMBER, exempted, secret
from .test_rules import with_unknowns

REMEDIED = [one for one in discover().values() if isinstance(one, ObjectRule) and one.remedy]
CASES = [pytest.param(rule, id=rule.id) for rule in REMEDIED]
WITHOUT = {"first-step-weight": [put(ROLLOUT, "spec.strategy.canary.steps", [])]}
"""What breaks a rule in a way that no safe change mends: steps have to be thought up."""
KEY, MARK = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def test_what_may_be_changed_is_what_the_catalogue_says() -> None:
    codes = "S2 S9 A2 A7 A8 R1 R2 R3 R4 R6 V2 W4"
    assert {rule.code for rule in REMEDIED} == set(codes.split())


def _mended(rule: ObjectRule) -> list[Example]:
    return [one for one in rule.fails if one[0] not in WITHOUT.get(rule.id, [])]


@pytest.mark.parametrize("rule", CASES)
def test_a_changed_object_keeps_its_rule_and_is_refused_by_no_other_one(rule: ObjectRule) -> None:
    for example in _mended(rule):
        before, *others = subjects(example)
        found = changes(rule, before, rule.settings({}))
        assert found, example
        after = type(before).of(applied(before.body, found), before.kind, ignored=before.ignored)
        site = configured(discover().values(), {})
        broken, left = (
            {
                breach.rule.rule.id
                for breach in judge([one, *others], site).breaches
                if breach.index == 0 and (breach.rule.level is Level.MANDATORY or breach.rule.rule is rule)
            }
            for one in (before, after)
        )
        assert left <= broken - {rule.id}
        assert changes(rule, after, rule.settings({})) == ()


@pytest.mark.parametrize("rule", CASES)
def test_nothing_is_changed_that_keeps_the_rule_cannot_be_mended_or_is_not_known(rule: ObjectRule) -> None:
    usual = rule.settings({})
    for example in (*rule.passes, *((one,) for one in WITHOUT.get(rule.id, []))):
        assert changes(rule, subjects(example)[0], usual) == ()
    for example in rule.fails:
        for place, objects in with_unknowns(example):
            found = changes(rule, objects[0], usual)
            gone = tuple(dotted(one.path) + "." for one in found if one.value is REMOVED)
            left = [path for path in _unknown(objects[0].body) if not path.startswith(gone)]
            assert _unknown(applied(objects[0].body, found)) == left, f"{place} is unknown, and is written over"


def _unknown(value: Any) -> list[str]:
    if isinstance(value, Unknown):
        return [value.path]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [path for one in inner for path in _unknown(one)]


def _servicer(rule: Rule, config: Mapping[str, Any] | None = None, level: str = "remediate") -> Any:
    pack = policies(list(discover().values()), NOW)
    servicer = server._PolicyAnalyzerServicer("coalmine", "0.1.0", pack, EnforcementLevel.ADVISORY, *[None] * 7)
    given = {rule.id: {"enforcementLevel": level, **(config or {})}}
    request = analyzer_pb2.ConfigureAnalyzerRequest()
    for name, values in given.items():
        own = request.policyConfig[name]
        own.enforcementLevel = analyzer_pb2.EnforcementLevel.Value(values.pop("enforcementLevel").upper())
        own.properties.update(values)
    servicer.Configure(request, None)
    return servicer


def _remedied(body: Mapping[str, Any], rule: str, **config: Any) -> dict[str, Any] | None:
    """What the SDK's server answers to the engine; None where it changes nothing."""
    properties = struct_pb2.Struct()
    properties.update(json.loads(json.dumps(body)))
    kind = f"kubernetes:{body['apiVersion']}:{body['kind']}"
    request = analyzer_pb2.AnalyzeRequest(urn=f"urn:pulumi:dev::shop::{kind}::a", type=kind, properties=properties)
    answer = _servicer(discover()[rule], **config).Remediate(request, None)
    assert not [one.diagnostic for one in answer.remediations if one.diagnostic]
    found = [json_format.MessageToDict(one.properties) for one in answer.remediations]
    return found[0] if found else None


ABORT = put(ROLLOUT, "spec.progressDeadlineAbort", False)


def test_only_the_changed_value_changes_and_secrets_and_unknowns_stay_what_they_are() -> None:
    body = put(ABORT, "spec.template.spec.containers[0].env", [{"name": "KEY", "value": secret("swordfish")}])
    body = put(body, "spec.replicas", UNKNOWN_NUMBER)
    body = put(body, "metadata.annotations", secret({"note": "hidden"}))
    assert _remedied(body, "deadline-abort") == put(body, "spec.progressDeadlineAbort", True)


@pytest.mark.parametrize(
    ("path", "rule", "value", "mended"),
    [
        ("spec.progressDeadlineAbort", "deadline-abort", False, True),
        ("spec.analysis.stepWeights[0]", "first-step-weight", 20.0, 10.0),
        ("spec.analysis.stepWeights", "first-step-weight", [20.0, 25.0, 50.0], [10.0, 25.0, 50.0]),
    ],
    ids=["a value", "an entry of a list", "a list"],
)
def test_a_secret_that_is_changed_is_secret_still(path: str, rule: str, value: Any, mended: Any) -> None:
    body = CANARY if "analysis" in path else ROLLOUT
    assert _remedied(put(body, path, secret(value)), rule) == put(body, path, secret(mended))


def test_a_secret_around_what_is_changed_stays_around_it() -> None:
    assert _remedied({**ROLLOUT, "spec": secret(ABORT["spec"])}, "deadline-abort") == {
        **ROLLOUT,
        "spec": {KEY: MARK, "value": put(ABORT, "spec.progressDeadlineAbort", True)["spec"]},
    }


def test_nothing_is_changed_unless_a_site_says_so_nor_what_is_exempted() -> None:
    assert _remedied(ABORT, "deadline-abort", level="mandatory") is None
    assert _remedied(ABORT, "deadline-abort", level="advisory") is None
    assert _remedied(exempted(ABORT, "deadline-abort"), "deadline-abort") is None
    assert _remedied(exempted(ABORT, "deadline-abort", "2026-11-30"), "deadline-abort") is not None


def test_a_wrong_limit_changes_nothing() -> None:
    assert _remedied(put(ROLLOUT, "spec.revisionHistoryLimit", 1), "revisions-kept", config={"min": 900}) is None
    assert _remedied(put(ROLLOUT, "spec.revisionHistoryLimit", 1), "revisions-kept", config={"min": 8}) == put(
        ROLLOUT, "spec.revisionHistoryLimit", 8
    )


WORD = "swordfish-of-the-tests"
ONLY = {"all": "disabled", "exemptions": "mandatory", "undecided-in-preview": "advisory"}
ENV = [{"name": "KEY", "value": {"kept secret": WORD}}]


def _in_state(project: ObjectsProject, body: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Any, str]:
    """The object's inputs as the state has them after an update, and the whole state as text."""
    answer = project.judge({**body, "inStateOnly": True}, verb="up", config={**ONLY, **config})
    assert answer.code == 0, answer.text
    assert WORD not in answer.text
    exported = project.pulumi("stack", "export", "--stack", project.stack)
    [found] = [one for one in json.loads(exported.text)["deployment"]["resources"] if one["type"].endswith(":Rollout")]
    return found["inputs"], exported.text + project.events.read_text(encoding="utf-8")


def test_on_the_engine_a_remediated_object_keeps_its_rule_and_its_secret(project: ObjectsProject) -> None:
    """A component stands for the object: it has a state without a cluster."""
    body = put(ABORT, "spec.template.spec.containers[0].env", ENV)
    inputs, everything = _in_state(project, body, {"deadline-abort": "remediate"})
    assert inputs["spec"]["progressDeadlineAbort"] is True
    value = inputs["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"]
    assert (value[KEY], "ciphertext" in value) == (MARK, True)
    assert WORD not in everything

    day = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    given = {
        "rule": "deadline-abort",
        "objects": ["Rollout shop/shop"],
        "owner": "shop",
        "reason": "tried",
        "until": day,
    }
    exempting = {"deadline-abort": "remediate", "exemptions": {"enforcementLevel": "mandatory", "entries": [given]}}
    left, _ = _in_state(project, body, exempting)
    assert left["spec"]["progressDeadlineAbort"] is False
