"""The Pulumi program on the real engine without a cluster: previews work, updates say what is missing."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from components.platform.sources import ARGO_ROLLOUTS_INSTALL, ISTIO_CHARTS
from localcluster.shell import exports
from localcluster.state import StateDir
from tests.registries import registry

from .pulumi_runs import ROOT, Pulumi

STACK_FILE = ROOT / "stacks/Pulumi.local.yaml"


@pytest.fixture
def unreachable(tmp_path: Path) -> Pulumi:
    """A fresh stack whose kubeconfig names a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "gone",
        "contexts": [{"name": "gone", "context": {"cluster": "gone", "user": "me"}}],
        "clusters": [{"name": "gone", "cluster": {"server": f"https://127.0.0.1:{port}"}}],
        "users": [{"name": "me", "user": {"token": "none"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    (tmp_path / "state").mkdir()
    own = {"KUBECONFIG": str(path), "PULUMI_BACKEND_URL": (tmp_path / "state").as_uri()}
    return Pulumi({**exports(StateDir("unreachable", tmp_path / "cluster")), **own})


def test_without_a_cluster_previews_work_and_updates_stop_before_anything_is_touched(unreachable: Pulumi) -> None:
    before = STACK_FILE.read_bytes()
    unreachable.succeed("stack init")
    assert STACK_FILE.read_bytes() == before, "making the stack changed the tracked file"

    stopped = unreachable.run("up", "--yes", "--skip-preview")
    assert stopped.code != 0
    assert len(stopped.errors) == 1, stopped.errors
    assert "cannot be reached (connection refused)" in stopped.errors[0]
    assert stopped.seconds < 10, f"took {stopped.seconds:.1f} s"
    assert "kubernetes:" not in unreachable.succeed("stack export").text, "an object or provider was registered"

    assert "to create" in unreachable.succeed("preview").text


def test_a_mistake_in_another_config_file_is_said_with_its_path_in_preview_and_update(
    unreachable: Pulumi, tmp_path: Path
) -> None:
    settings = yaml.safe_load(STACK_FILE.read_text(encoding="utf-8"))
    settings["config"]["coalmine:clutser"] = {"name": "local"}
    settings["config"]["coalmine:delivery"]["router"] = {"kind": "istoi"}
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(yaml.safe_dump(settings), encoding="utf-8")
    unreachable.succeed("stack init")
    for verb in (("preview",), ("up", "--yes", "--skip-preview")):
        ran = unreachable.run(*verb, config=wrong)
        assert ran.code != 0
        assert "Traceback" not in ran.text
        assert "coalmine:clutser: unknown key (did you mean 'cluster'?)" in ran.text
        assert "did you mean 'istio'?" in ran.text


def test_a_mirror_that_lacks_files_ends_a_run_before_anything_is_registered(
    unreachable: Pulumi, tmp_path: Path
) -> None:
    settings = yaml.safe_load(STACK_FILE.read_text(encoding="utf-8"))
    unreachable.succeed("stack init")
    without_files = replace(unreachable, environment={**unreachable.environment, "COALMINE_CACHE": str(tmp_path)})
    with registry() as server:
        settings["config"]["coalmine:platform"]["mirror"] = {"files": f"http://{server.name}/coalmine"}
        mirrored = tmp_path / "mirrored.yaml"
        mirrored.write_text(yaml.safe_dump(settings), encoding="utf-8")
        ran = without_files.run("preview", config=mirrored)
    assert ran.code != 0
    assert "Traceback" not in ran.text
    for piece, path in (("argo-rollouts", ARGO_ROLLOUTS_INSTALL.url), ("istio", ISTIO_CHARTS.url)):
        address = f"http://{server.name}/coalmine/{path.removeprefix('https://')}"
        wanted = f"{piece}: {address} cannot be read (Not Found): put there what is at {path}"
        assert f"stacks/Pulumi.local.yaml: coalmine:platform.mirror.files: {wanted}" in ran.text, ran.text[-3000:]
    assert "kubernetes:core/v1" not in ran.text, "objects were planned all the same"
