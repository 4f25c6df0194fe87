"""Flagger's load tester: it runs what it is sent, so who may send and what it may do is all there is to it."""

from pathlib import Path
from typing import Any

from components.manifests.meta import Manifest
from components.platform.piece import pieces_of
from components.platform.pieces import load_tester
from components.platform.pod_standard import level
from components.spec.cluster import StackSpec
from tests.specs import Project, only, stack_keys


def stack(root: Path, engine: str = "flagger", **options: Any) -> StackSpec:
    project, keys = Project(root), stack_keys()
    keys["delivery"] |= {"engine": engine}
    project.stack({**keys, "apps": [], "platform": {"load_tester": options}})
    return project.load().spec


def made(root: Path, **options: Any) -> list[Manifest]:
    return [item for stage in load_tester.stages(stack(root, install=True, **options)) for item in stage]


def test_it_is_there_for_flagger_where_a_stack_asks_for_it(tmp_path: Path) -> None:
    asked = [stack(tmp_path, install=True), stack(tmp_path), stack(tmp_path, "argo-rollouts", install=True)]
    found = [[piece.name for piece in pieces_of(spec)] for spec in asked]
    assert ["load-tester" in names for names in found] == [True, False, False]


def test_flagger_alone_may_send_it_commands_unless_others_are_named(tmp_path: Path) -> None:
    def callers(**options: Any) -> list[str]:
        spec = only(made(tmp_path, **options), "NetworkPolicy", "load-tester")["spec"]
        [rule] = spec["ingress"]
        assert spec["policyTypes"] == ["Ingress"]
        return [name for one in rule["from"] for name in one["namespaceSelector"]["matchLabels"].values()]

    assert callers() == ["flagger-system"]
    assert callers(callers=["progressive", "flagger-system"]) == ["flagger-system", "progressive"]


def test_its_pods_are_restricted_and_have_no_token(tmp_path: Path) -> None:
    pod = only(made(tmp_path), "Deployment", "load-tester")["spec"]["template"]["spec"]
    assert level(pod) == "restricted"
    assert pod["automountServiceAccountToken"] is False
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_a_command_may_run_as_long_as_the_stack_says(tmp_path: Path) -> None:
    size = {"requests": {"cpu": "500m"}}
    [container] = only(made(tmp_path, timeout="20m", resources=size), "Deployment")["spec"]["template"]["spec"][
        "containers"
    ]
    assert "-timeout=20m" in container["args"]
    assert container["resources"] == size
