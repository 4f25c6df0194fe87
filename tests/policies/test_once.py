"""The SDK's server converts each resource once for the whole pack, and what it finds is the same as without."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import EnforcementLevel
from pulumi_policy import policy as server

from policies import once
from policies.examples import A_ROLLOUT
from policies.pack import policies
from policies.registry import discover

from .support import rollout


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The messages that were converted, while the memory is in place."""
    seen: list[Any] = []
    convert = json_format.MessageToDict

    class Counting:
        def MessageToDict(self, message: Any) -> Any:  # noqa: N802
            seen.append(message)
            return convert(message)

    monkeypatch.setattr(server, "json_format", Counting())
    monkeypatch.setattr(server, "deserialize_properties", server.deserialize_properties)
    once.install()
    yield seen
    once.forget()


def _servicer() -> Any:
    nothing = [None] * 7
    pack = policies(list(discover().values()))
    return server._PolicyAnalyzerServicer("coalmine", "0.1.0", pack, EnforcementLevel.ADVISORY, *nothing)


def _properties(body: Any) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(body)
    return made


def _request(body: Any) -> analyzer_pb2.AnalyzeRequest:
    kind = f"kubernetes:{body['apiVersion']}:{body['kind']}"
    urn = f"urn:pulumi:dev::shop::{kind}::checkout"
    return analyzer_pb2.AnalyzeRequest(urn=urn, type=kind, name="checkout", properties=_properties(body))


def test_a_resource_is_converted_once_for_all_policies_and_again_for_the_next_request(converted: list[Any]) -> None:
    servicer = _servicer()
    first = servicer.Analyze(_request(rollout({"setWeight": 50})), None)
    resources = len(converted)
    second = servicer.Analyze(_request(rollout({"setWeight": 5})), None)
    assert (resources, len(converted)) == (1, 2)
    assert "first-step-weight" in {one.policyName for one in first.diagnostics}
    assert "first-step-weight" not in {one.policyName for one in second.diagnostics}


def test_a_stack_is_converted_once_for_all_policies(converted: list[Any]) -> None:
    resources = [
        analyzer_pb2.AnalyzerResource(
            urn=f"urn:pulumi:dev::shop::{kind}::{number}", type=kind, name=str(number), properties=_properties(body)
        )
        for number, body in enumerate(A_ROLLOUT)
        for kind in [f"kubernetes:{'core/' if body['apiVersion'] == 'v1' else ''}{body['apiVersion']}:{body['kind']}"]
    ]
    said = _servicer().AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)
    assert len(converted) == len(resources)
    assert {one.policyName for one in said.diagnostics} == {"owned-fields-ignored"}, "the program ignores nothing"
