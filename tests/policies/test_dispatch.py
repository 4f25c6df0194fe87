"""The SDK's server asks only whom a resource concerns, and what it answers is the same as if it asked all."""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel, ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy import policy as server

from policies import dispatch, once
from policies.examples import A_CANARY, A_ROLLOUT
from policies.facts import KubeObject
from policies.registry import discover
from policies.rule import StackRule

from .support import rollout
from .test_once import _properties, _request, _servicer

_LEVELS = "_PolicyAnalyzerServicer__policy_pack_config_enforcement_level"
_PLAIN = server._PolicyAnalyzerServicer


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What stands before the SDK's server."""
    monkeypatch.setattr(server, "_PolicyAnalyzerServicer", server._PolicyAnalyzerServicer)
    dispatch.install(discover().values())
    yield
    once.forget()


def _bodies() -> list[dict[str, Any]]:
    made = [dict(one.body if isinstance(one, KubeObject) else one) for one in (*A_ROLLOUT, *A_CANARY)]
    other = {"apiVersion": "example.com/v1", "kind": "Other", "metadata": {"name": "other"}, "spec": {}}
    return [*made, other, rollout({"setWeight": 50}), rollout({"setWeight": 5}, {"setWeight": 90})]


def _said(response: Any) -> tuple[list[str], list[str]]:
    """What was refused or advised, and who had nothing to say."""
    said = sorted(str(one) for one in response.diagnostics)
    return said, sorted(f"{one.policy_name}: {one.reason}" for one in response.not_applicable)


def _stack(bodies: list[dict[str, Any]]) -> analyzer_pb2.AnalyzeStackRequest:
    requests = [_request(body) for body in bodies]
    resources = [
        analyzer_pb2.AnalyzerResource(urn=f"{one.urn}-{rank}", type=one.type, name=one.name, properties=one.properties)
        for rank, one in enumerate(requests)
    ]
    return analyzer_pb2.AnalyzeStackRequest(resources=resources)


def _off(servicer: Any, *rules: str) -> Any:
    setattr(servicer, _LEVELS, dict.fromkeys(rules, EnforcementLevel.DISABLED))
    return servicer


@pytest.mark.parametrize("off", [(), ("first-step-weight", "images-by-digest")], ids=["all", "some are off"])
def test_an_object_gets_the_same_answer(installed: None, off: tuple[str, ...]) -> None:
    refused = 0
    for body in _bodies():
        wanted = _said(_PLAIN.Analyze(_off(_servicer(), *off), _request(body), None))
        assert _said(_off(_servicer(), *off).Analyze(_request(body), None)) == wanted, body["kind"]
        refused += len(wanted[0])
    assert refused > 2, "too little is broken to prove anything"
    bucket = analyzer_pb2.AnalyzeRequest(urn="urn:b", type="aws:s3/bucket:Bucket", properties=_properties({"a": 1}))
    assert _said(_servicer().Analyze(bucket, None)) == _said(_PLAIN.Analyze(_servicer(), bucket, None))


@pytest.mark.parametrize("first_is_off", [False, True])
def test_a_stack_gets_the_same_answer_whoever_is_asked_first(installed: None, first_is_off: bool) -> None:
    first = next(rule.id for rule in discover().values() if isinstance(rule, StackRule))
    off = (first,) if first_is_off else ()
    wanted = _said(_PLAIN.AnalyzeStack(_off(_servicer(), *off), _stack(_bodies()), None))
    servicer = _off(_servicer(), *off)
    assert _said(servicer.AnalyzeStack(_stack(_bodies()), None)) == wanted
    assert len(wanted[0]) > 2, "too little is broken to prove anything"
    assert (
        _said(servicer.AnalyzeStack(_stack([]), None)) == _said(_PLAIN.AnalyzeStack(_servicer(), _stack([]), None))
        or off
    )
    every = [rule.id for rule in discover().values() if isinstance(rule, StackRule)]
    assert _said(_off(_servicer(), *every).AnalyzeStack(_stack(_bodies()), None))[0] == []


def test_only_whom_it_concerns_is_asked(installed: None) -> None:
    seen: list[str] = []

    def policy(name: str) -> ResourceValidationPolicy:
        def validate(args: ResourceValidationArgs, _report: Any) -> None:
            seen.append(name)

        return ResourceValidationPolicy(name=name, description=name, validate=validate)

    known = [policy(rule) for rule in ("first-step-weight", "another-rule")]
    nothing = [None] * 7
    made = server._PolicyAnalyzerServicer("coalmine", "0.1.0", known, EnforcementLevel.ADVISORY, *nothing)
    made.Analyze(_request({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}), None)
    assert seen == ["another-rule"], "a rule about other kinds was asked, or one that names none was not"


def test_what_is_configured_later_counts_from_the_next_object(installed: None) -> None:
    """Levels, and that a policy changes what it finds: both are asked of the engine's configuration each time."""
    servicer = _servicer()
    bad = rollout({"setWeight": 50}, {"pause": {}})
    rule = "first-step-weight"
    assert rule in {one.policyName for one in servicer.Analyze(_request(bad), None).diagnostics}
    assert not servicer.Remediate(_request(bad), None).remediations
    levels = {rule: analyzer_pb2.DISABLED, "deadline-abort": analyzer_pb2.REMEDIATE}
    config = {name: analyzer_pb2.PolicyConfig(enforcementLevel=level) for name, level in levels.items()}
    servicer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config), None)
    again = servicer.Analyze(_request(bad), None)
    assert rule not in {one.policyName for one in again.diagnostics}
    assert rule not in {one.policy_name for one in again.not_applicable}
    assert [one.policyName for one in servicer.Remediate(_request(bad), None).remediations] == ["deadline-abort"]
