"""Where what a preview refuses was written: in an app's file, else in that of the stack."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...compile import Compiled
from ...record import record
from ...spec.errors import Problem
from ...spec.load import LoadedApp, LoadedStack
from ..positions import Positions, Spot, steps
from .events import Refusal

_FIELD_OF_APP = re.compile(r" in apps/\S+: ([\w.\[\]-]+)")
"""How a rule says what to change in an app; see policies/rollouts.py, fix_in_app."""


@record
class Places:
    """Where a stack's objects come from. `apps`: by object, e.g. `Rollout shop/shop`; `file`: of the stack."""

    file: str
    apps: Mapping[str, LoadedApp]

    @classmethod
    def of(cls, stack: LoadedStack, compiled: Iterable[Compiled]) -> "Places":
        """`compiled`: the apps of the stack, in their order."""
        apps: dict[str, LoadedApp] = {}
        for app, release in zip(stack.apps, compiled, strict=True):
            apps |= {_object(one): app for one in release.manifests}
        return cls(stack.file, apps)

    def of_refusal(self, refusal: Refusal, root: Path) -> tuple[str, Spot]:
        """The file and the spot of what has to change; its beginning where that is not said."""
        app = self.apps.get(refusal.subject)
        if app is None:
            return self.file, Spot()
        field = _FIELD_OF_APP.search(refusal.message)
        if field is None:
            return app.origin.file, Spot()
        written = app.origin.problem(steps(field[1]), "")
        return written.file, _spot(root / written.file, written)


def _spot(file: Path, written: Problem) -> Spot:
    """Of an app that shares its file with others, only the file is told."""
    if written.app or not file.is_file():
        return Spot()
    path = steps(written.path)
    # A stack's settings stand below `config`, and are named without it.
    settings = ("config", *path) if path and str(path[0]).startswith("coalmine:") else path
    return Positions(file.read_text(encoding="utf-8")).spot(1, settings)


def _object(manifest: Mapping[str, object]) -> str:
    metadata = manifest.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    inside = f"{names['namespace']}/" if names.get("namespace") else ""
    return f"{manifest.get('kind')} {inside}{names.get('name')}"
