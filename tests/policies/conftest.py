"""The fixture of the tests on the real engine."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.tools import tool_path

from .project import ROOT, STACK, Project

_NOBODY_LISTENS = "https://127.0.0.1:1"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """One project for a module's tests, with the bundled plug-ins unless PLUGINS=official."""
    folder = tmp_path_factory.mktemp("policy-project") / "program"
    shutil.copytree(Path(__file__).parent / "program", folder, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
    manifest["runtime"]["options"]["virtualenv"] = sys.prefix
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(manifest), encoding="utf-8")
    (folder / "kubeconfig.yaml").write_text(yaml.safe_dump(_kubeconfig()), encoding="utf-8")
    made = Project(folder, _environment(folder.parent))
    answer = made.pulumi("stack", "init", STACK)
    assert answer.code == 0, answer.text
    return made


def _environment(home: Path) -> dict[str, str]:
    official = os.environ.get("PLUGINS") == "official"
    path = [str(tool_path("pulumi").parent), os.environ["PATH"]]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
    settings |= {
        "PULUMI_BACKEND_URL": home.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "policy-tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": os.pathsep.join(path if official else [str(ROOT / "localcluster" / "plugins" / "bin"), *path]),
    }
    return settings if official else settings | {"PULUMI_HOME": str(home / "pulumi-home")}


def _kubeconfig() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "none", "cluster": {"server": _NOBODY_LISTENS}}],
        "users": [{"name": "none", "user": {"token": "none"}}],
        "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
        "current-context": "none",
    }
