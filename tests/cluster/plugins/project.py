"""A Pulumi project of a test, run by the real engine, and what its commands did."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcluster.tools import tool_path

STACK = "dev"
Resource = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """One command: exit code, text, and by resource name its operations, changed fields, messages and inputs."""

    code: int
    text: str
    operations: Mapping[str, list[str]] = field(default_factory=dict)
    fields: Mapping[str, dict[str, str]] = field(default_factory=dict)
    messages: Mapping[str, list[str]] = field(default_factory=dict)
    inputs: Mapping[str, Resource] = field(default_factory=dict)

    def check(self, succeeds: bool = True) -> "Answer":
        """This answer, after asserting that the command succeeded or failed."""
        assert (self.code == 0) == succeeds, f"exit code {self.code}:\n{self.text}"
        return self


class Project:
    """One stack with a file back end in a folder of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str], provider: Mapping[str, str] | None) -> None:
        self.folder = folder
        self.environment = dict(environment)
        self.provider = provider
        self.pulumi("stack", "init", STACK).check()

    def pulumi(self, *arguments: str) -> Answer:
        """Run a pulumi command in the project."""
        command = [str(tool_path("pulumi")), *arguments, "--non-interactive", "--color", "never"]
        ran = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        return Answer(ran.returncode, ran.stdout + ran.stderr)

    def up(self, *resources: Resource) -> Answer:
        """`pulumi up` without a preview; a failed resource does not stop the others."""
        return self._with_events("up", resources, "--yes", "--skip-preview", "--continue-on-error")

    def preview(self, *resources: Resource) -> Answer:
        """`pulumi preview`."""
        return self._with_events("preview", resources)

    def refresh(self, *resources: Resource) -> Answer:
        """`pulumi refresh`."""
        return self._with_events("refresh", resources, "--yes", "--skip-preview")

    def destroy(self) -> Answer:
        """`pulumi destroy`."""
        return self._with_events("destroy", None, "--yes", "--skip-preview")

    def state(self, *, show_secrets: bool = False) -> dict[str, Resource]:
        """The resources of the state by name."""
        flags = ["--show-secrets"] if show_secrets else []
        exported = self.pulumi("stack", "export", *flags).check()
        resources = json.loads(exported.text)["deployment"].get("resources", [])
        return {item["urn"].rsplit("::", 1)[-1]: item for item in resources}

    def _with_events(self, verb: str, resources: Iterable[Resource] | None, *flags: str) -> Answer:
        if resources is not None:
            asked = {"provider": self.provider, "resources": list(resources)}
            (self.folder / "resources.json").write_text(json.dumps(asked), encoding="utf-8")
        log = self.folder / "events.json"
        log.unlink(missing_ok=True)
        answer = self.pulumi(verb, "--event-log", str(log), *flags)
        events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()] if log.exists() else []
        return Answer(answer.code, answer.text, *_digest(events))


def _digest(events: Iterable[Mapping[str, Any]]) -> tuple[Any, Any, Any, Any]:
    operations: dict[str, list[str]] = defaultdict(list)
    fields: dict[str, dict[str, str]] = {}
    messages: dict[str, list[str]] = defaultdict(list)
    inputs: dict[str, Resource] = {}
    for event in events:
        if "resourcePreEvent" in event:
            metadata = event["resourcePreEvent"]["metadata"]
            name = metadata["urn"].rsplit("::", 1)[-1]
            operations[name].append(metadata["op"])
            details = metadata.get("detailedDiff") or {}
            inputs[name] = (metadata.get("new") or {}).get("inputs") or {}
            fields.setdefault(name, {}).update({path: item["diffKind"] for path, item in details.items()})
        if "diagnosticEvent" in event:
            diagnostic = event["diagnosticEvent"]
            if diagnostic.get("severity") in ("error", "warning") and not diagnostic.get("ephemeral"):
                messages[diagnostic.get("urn", "").rsplit("::", 1)[-1]].append(diagnostic["message"])
    return operations, fields, messages, inputs
