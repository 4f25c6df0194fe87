"""Runs `pulumi` on this repository's own program, as a user does."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OF_ENGINE = ("an unhandled error occurred: ", "preview failed", "update failed")

SAVED_ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Writing megabytes of state after every step is most of what a run costs."""
SAVED_ALWAYS = {"PULUMI_SKIP_CHECKPOINTS": "false"}
"""For runs that are killed."""


@dataclass(frozen=True)
class Ran:
    """What one command did: its exit code, all that it said, and how long it took in seconds."""

    code: int
    text: str
    seconds: float

    @property
    def errors(self) -> list[str]:
        """The lines that say what is wrong, without what the engine adds to every failure."""
        said = {line.strip().partition("error: ")[2] for line in self.text.splitlines() if "error: " in line}
        return sorted(line for line in said if not line.startswith(_OF_ENGINE))


@dataclass(frozen=True)
class Pulumi:
    """Commands on one stack of the project in a folder, in the environment that `coalmine local env` gives a shell."""

    environment: Mapping[str, str]
    stack: str = "local"
    folder: Path = ROOT

    def run(self, verb: str, *arguments: str, config: Path | None = None) -> Ran:
        """One command; `config`: another file instead of the stack's own."""
        settings = ["--config-file", str(config)] if config else []
        command = ["pulumi", *verb.split(), *arguments, *settings, "--stack", self.stack]
        began = time.monotonic()
        ran = subprocess.run(
            [*command, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**os.environ, **SAVED_ONCE, **self.environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout + ran.stderr, time.monotonic() - began)

    def succeed(self, verb: str, *arguments: str, config: Path | None = None) -> Ran:
        """One command that must not fail."""
        ran = self.run(verb, *arguments, config=config)
        assert ran.code == 0, f"pulumi {verb} failed: {ran.errors}\n{ran.text[-3000:]}"
        return ran
