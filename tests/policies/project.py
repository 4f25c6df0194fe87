"""Pulumi projects in folders of their own, run by the real engine with the policy pack."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.pulumi_home import make_home
from localcluster.tools import tool_path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What one pulumi command said: its exit code and its text, with every run of blanks made one."""

    code: int
    text: str


@dataclass(frozen=True)
class Project:
    """A project's folder and its only stack. No cluster can be reached, which previews and policies must not need."""

    folder: Path
    stack: str
    passphrase: str = "policy-tests"

    def start(self) -> None:
        """Gives the project its Python and makes the stack, in a back end beside the project's folder."""
        (self.folder / ".venv").symlink_to(sys.prefix)
        made = self.pulumi("stack", "init", self.stack)
        assert made.code == 0, made.text

    def pulumi(self, *arguments: str) -> Answer:
        """Runs the pulumi command in the project."""
        command = [str(tool_path("pulumi")), *arguments, "--non-interactive", "--color", "never"]
        ran = subprocess.run(
            command, cwd=self.folder, env=self._environment(), capture_output=True, text=True, timeout=600, check=False
        )
        return Answer(ran.returncode, " ".join((ran.stdout + ran.stderr).split()))

    def _environment(self) -> dict[str, str]:
        """The user's, with the bundled plug-ins unless PLUGINS=official, and nothing of the user's own stacks."""
        official = os.environ.get("PLUGINS") == "official"
        bundled = [] if official else [str(ROOT / "localcluster" / "plugins" / "bin")]
        tools = [str(tool_path(name).parent) for name in ("pulumi", "helm", "kustomize")]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")}
        return {
            **inherited,
            "KUBECONFIG": str(self.folder / "no-kubeconfig.yaml"),
            "PATH": os.pathsep.join([*bundled, *tools, os.environ["PATH"]]),
            "PULUMI_HOME": str(make_home(self.folder.parent / "pulumi-home", official)),
            "PULUMI_BACKEND_URL": self.folder.parent.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log is there only then
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }


class ObjectsProject(Project):
    """The project in program/, which registers the objects that a test gives it."""

    @property
    def events(self) -> Path:
        """The engine's log of the last preview or update."""
        return self.folder.parent / "events.jsonl"

    def judge(
        self, *objects: Mapping[str, Any], verb: str = "preview", config: Mapping[str, Any] | None = None
    ) -> Answer:
        """Shows the objects to the engine with the pack, which leaves its events in `events`.

        `config`: the policy pack's configuration.
        """
        (self.folder / "objects.json").write_text(json.dumps(objects), encoding="utf-8")
        (self.folder / "policy-config.json").write_text(json.dumps(config or {}), encoding="utf-8")
        self.events.unlink(missing_ok=True)
        extra = [*(["--yes", "--skip-preview"] if verb == "up" else []), "--event-log", str(self.events)]
        pack = ["--policy-pack", str(ROOT / "policies"), "--policy-pack-config", "policy-config.json"]
        return self.pulumi(verb, "--stack", self.stack, *pack, *extra)
