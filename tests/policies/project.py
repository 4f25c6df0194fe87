"""A Pulumi project in a folder of its own, run by the real engine with the policy pack."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.tools import tool_path

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"
STACK = "dev"


@dataclass(frozen=True)
class Answer:
    """What one pulumi command said: its exit code and its text, with every run of blanks made one."""

    code: int
    text: str


@dataclass(frozen=True)
class Project:
    """A stack of plain objects. The cluster cannot be reached, which previews and policies must not need."""

    folder: Path
    environment: Mapping[str, str]

    def pulumi(self, *arguments: str) -> Answer:
        """Runs the pulumi command in the project."""
        command = [str(tool_path("pulumi")), *arguments, "--non-interactive", "--color", "never"]
        ran = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        return Answer(ran.returncode, " ".join((ran.stdout + ran.stderr).split()))

    def judge(
        self, *objects: Mapping[str, Any], verb: str = "preview", config: Mapping[str, Any] | None = None
    ) -> Answer:
        """Shows the objects to the engine with the pack; `config`: the policy pack's configuration."""
        (self.folder / "objects.json").write_text(json.dumps(objects), encoding="utf-8")
        (self.folder / "policy-config.json").write_text(json.dumps(config or {}), encoding="utf-8")
        extra = ["--yes", "--skip-preview"] if verb == "up" else []
        pack = ["--policy-pack", str(PACK), "--policy-pack-config", str(self.folder / "policy-config.json")]
        return self.pulumi(verb, "--stack", STACK, *pack, *extra)
