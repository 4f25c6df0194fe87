"""Where an app's values stand, so that every mistake is told where the user wrote it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..record import record
from .errors import PathPart, Problem, format_path

NAMESPACE = "coalmine"
"""Prefix of the stack's configuration keys."""


@record
class Package:
    """A chart or an overlay that an app's pods come from.

    Fields: `key`: of the workload; `released`: what is released, in words; `objects`: kind and name of the others,
    which are the first ones of the app's objects.
    """

    key: str
    released: str
    objects: tuple[tuple[str, str], ...]

    def told(self, path: Sequence[PathPart], message: str) -> tuple[Sequence[PathPart], str]:
        """A place in the app with its pods, and what is wrong there, as the user can find it."""
        here = ("workload", self.key)
        match tuple(path):
            case ("workload", "pod_template", *inside):
                return here, f"{self.released}: {format_path(('spec', 'template', *inside))}: {message}"
            case ("workload", "objects", int(index), *_) if index < len(self.objects):
                kind, name = self.objects[index]
                return here, f"{kind} '{name}' {message}, or leave it out: without: [{kind}/{name}]"
            case ("workload", "objects", int(index), *inside):
                return ("workload", "objects", index - len(self.objects), *inside), message
            case ("workload", "service_account", *_):
                return here, f"{self.released}: the account of its pods: {message}"
            case ("workload", "config", str(name), *inside):
                return here, f"ConfigMap '{name}': {format_path(inside)}: {message}"
        return path, message


@record
class Origin:
    """Where an app's values stand: its file, and the stack file for what the stack overrides."""

    file: str
    stack_file: str = ""
    app: str = ""
    overrides: Mapping[str, Any] | None = None
    label: str = ""
    """Tells the app from the others in its file; empty where it is the only one."""
    package: Package | None = None
    """What its pods come from, where that is no part of its file."""

    def problem(self, path: Sequence[PathPart], message: str) -> Problem:
        """A Problem at the place where the user wrote the value."""
        if self.package:
            path, message = self.package.told(path, message)
        if self.overrides and _is_overridden(path, self.overrides):
            return Problem(self.stack_file, format_path((f"{NAMESPACE}:overrides", self.app, *path)), message)
        return Problem(self.file, format_path(path), message, self.label)


def _is_overridden(path: Sequence[PathPart], overrides: Mapping[str, Any]) -> bool:
    here: Any = overrides
    for part in path:
        if not isinstance(here, Mapping):
            return True
        if part not in here:
            return False
        here = here[str(part)]
    return not isinstance(here, Mapping)
