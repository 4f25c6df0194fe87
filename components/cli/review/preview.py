"""`pulumi preview` of a stack as a pull request changes it: without its cluster, its state and its secrets.

It runs in a copy of the project with a state of its own, so that it shows everything the stack describes and leaves
nothing behind in the checkout; encrypted values are replaced by a word, because nobody decrypts for a pull request.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..output import UserError
from ..tools import pulumi_environment
from .changes import project_files
from .events import Outcome, outcome

_SECONDS = 900
_KEYS_OF_A_SECRETS_PROVIDER = ("encryptionsalt", "secretsprovider", "encryptedkey")
_HIDDEN = "hidden-from-the-review"


class Workshop:
    """A copy of the project for the previews to run in; `scratch`: the folder for it and for all that Pulumi writes."""

    def __init__(self, root: Path, policy_pack: Path, scratch: Path) -> None:
        self._folder = scratch / "project"
        self._scratch = scratch
        self._pack = policy_pack
        self._pulumi, tools = pulumi_environment(scratch)
        self._environment = _environment(scratch, tools)
        for name in project_files(root):
            target = self._folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target)
        if (root / ".venv").exists() and not (self._folder / ".venv").exists():
            (self._folder / ".venv").symlink_to((root / ".venv").resolve())

    def preview(self, stack: str, configuration: str | None = None) -> Outcome:
        """The outcome of the stack's preview. Raises UserError where Pulumi itself cannot be run.

        `configuration`: of the pack, as JSON.
        """
        file = self._folder / "stacks" / f"Pulumi.{stack}.yaml"
        opened = without_secrets(yaml.safe_load(file.read_text(encoding="utf-8")))
        file.write_text(yaml.safe_dump(opened, sort_keys=False), encoding="utf-8")
        made = self._run("stack", "init", stack)
        if made.returncode != 0:
            raise UserError(f"pulumi stack init {stack} failed: {_last_line(made)}")
        log = self._scratch / f"events-{stack}.jsonl"
        pack = ["--policy-pack", str(self._pack)]
        if configuration is not None:
            given = self._scratch / f"policies-{stack}.json"
            given.write_text(configuration, encoding="utf-8")
            pack += ["--policy-pack-config", str(given)]
        ran = self._run("preview", "--stack", stack, *pack, "--event-log", str(log))
        if not log.is_file():
            raise UserError(f"pulumi preview of {stack} failed: {_last_line(ran)}")
        return outcome(log.read_text(encoding="utf-8"))

    def _run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [self._pulumi, *arguments, "--non-interactive", "--color", "never"]
        try:
            return subprocess.run(
                command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise UserError(f"pulumi {arguments[0]} cannot be run: {error}") from None


def without_secrets(stack_file: Any) -> Any:
    """A stack file that needs no key: encrypted values replaced, the secrets provider gone."""
    if not isinstance(stack_file, Mapping):
        return stack_file
    kept = {key: value for key, value in stack_file.items() if key not in _KEYS_OF_A_SECRETS_PROVIDER}
    return {key: _without_encrypted(value) for key, value in kept.items()}


def _without_encrypted(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return _HIDDEN
        return {key: _without_encrypted(one) for key, one in value.items()}
    return [_without_encrypted(one) for one in value] if isinstance(value, list) else value


def _environment(scratch: Path, tools: Mapping[str, str]) -> dict[str, str]:
    """The user's, but no Pulumi state, no login and no cluster of the user's."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("PULUMI_") or name == "PULUMI_HOME"
    }
    state = scratch / "state"
    state.mkdir()
    return {
        **inherited,
        "KUBECONFIG": str(scratch / "no-kubeconfig.yaml"),
        "PULUMI_BACKEND_URL": state.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "review",
        "PULUMI_DEBUG_COMMANDS": "true",  # --event-log is there only then
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        **tools,
    }


def _last_line(ran: "subprocess.CompletedProcess[str]") -> str:
    return ((ran.stderr.strip() or ran.stdout.strip()).splitlines() or ["no message"])[-1]
