"""The pack as Pulumi loads it: a folder of any name that runs as a script and answers the engine over gRPC."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.pack import policies
from policies.registry import discover
from policies.rollouts import ROLLOUT
from policies.rule import ObjectRule, Rule, StackRule

from .support import rollout

PACK = Path(__file__).resolve().parents[2] / "policies"


@contextmanager
def _served(folder: Path) -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The running pack; the engine's address is not used by the pack, so nothing listens there."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            port = process.stdout.readline().strip()
            assert port.isdigit(), f"the pack did not start: {process.stderr.read()}"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()


def _not_about(sort: type[Rule]) -> list[str]:
    """The rules of a sort that look at no Rollout, in the pack's order."""
    return [rule.id for rule in discover().values() if isinstance(rule, sort) and ROLLOUT not in rule.kinds]


def _told() -> list[str]:
    return [policy.name for policy in policies(list(discover().values()))]


@pytest.mark.parametrize("name", ["policies", "1.0.0", "coalmine_policies"])
def test_the_pack_starts_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with _served(folder) as pack:
        info = pack.GetAnalyzerInfo(empty_pb2.Empty(), timeout=30)
    assert (info.name, [policy.name for policy in info.policies]) == ("coalmine", _told())


def test_a_resource_is_refused_over_the_wire_and_others_are_not_applicable() -> None:
    properties = struct_pb2.Struct()
    properties.update(rollout({"setWeight": 50}))
    kind = "kubernetes:argoproj.io/v1alpha1:Rollout"
    request = analyzer_pb2.AnalyzeRequest(
        urn=f"urn:pulumi:dev::shop::{kind}::checkout", type=kind, name="checkout", properties=properties
    )
    with _served(PACK) as pack:
        answer = pack.Analyze(request, timeout=30)
    refused = {one.policyName: one for one in answer.diagnostics}
    assert refused["first-step-weight"].enforcementLevel == analyzer_pb2.MANDATORY
    assert "the first weight is 50 %, the limit is 10 %" in refused["first-step-weight"].message
    others = ["exemptions", *_not_about(ObjectRule), "exempted", "undecided-in-preview"]
    # Who is not asked is told after those who were, which means nothing to the engine.
    assert sorted(one.policy_name for one in answer.not_applicable) == sorted(others)


def test_a_stack_is_refused_over_the_wire_at_the_object_that_is_wrong() -> None:
    properties = struct_pb2.Struct()
    properties.update(rollout({"setWeight": 5}))
    kind = "kubernetes:argoproj.io/v1alpha1:Rollout"
    urn = f"urn:pulumi:dev::shop::{kind}::checkout"
    resource = analyzer_pb2.AnalyzerResource(urn=urn, type=kind, name="checkout", properties=properties)
    with _served(PACK) as pack:
        answer = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[resource]), timeout=30)
    [refusal] = [one for one in answer.diagnostics if one.policyName == "minimum-replicas"]
    assert {one.urn for one in answer.diagnostics} == {urn}
    assert "spec.replicas is absent, which means 1, the limit is 3" in refusal.message
    others = [*_not_about(StackRule), "exempted-in-stack", "undecided-in-stack-preview"]
    assert [one.policy_name for one in answer.not_applicable] == others


def test_the_manifest_of_the_pack_has_what_the_engine_shows() -> None:
    manifest = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert manifest["version"] == "0.1.0", "the SDK reports 0.0.1 for a pack whose manifest has no version"
    assert manifest["runtime"]["name"] == "python"
    assert manifest["description"]
