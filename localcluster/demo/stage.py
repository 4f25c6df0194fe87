"""The demo's app as each version has it, written into a configuration of its own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.compile import compile_app
from components.plan import Plan
from components.spec.load import LoadedApp, LoadedStack, load_stack
from components.spec.merging import merge

from .stack_file import write_stack_file
from .versions import Version

STACK = "local"
APP = "shop"
WEIGHTS = (5, 25, 50)

_HOLD = "15s"
_DELIVERY = {
    # The demo shall be short: one check per step, and just the time for 5,000 requests.
    "steps": [{"weight": weight, "hold": _HOLD} for weight in WEIGHTS],
    "analysis": {"interval": _HOLD, "tolerated_failures": 0},
}


@dataclass(frozen=True)
class Stage:
    """Fields: `root`: the project; `folder`: for the configuration file that is written."""

    root: Path
    folder: Path

    @property
    def host(self) -> str:
        """The host name that the load asks for."""
        return self._app(self._stack(self._source)).spec.traffic.hosts[0]

    def empty(self) -> Path:
        """Writes the stack's configuration without any app."""
        return self._write([], {})

    def with_version(self, version: Version) -> tuple[Path, Plan]:
        """Writes the stack's configuration with this version of the app; returns the file and the plan."""
        stack = self._stack(self._source)
        app = self._app(stack)
        image = str(app.spec.workload.image).rpartition(":")[0]
        workload = {"image": f"{image}:{version.tag}", "annotations": version.annotations}
        change = merge(stack.spec.overrides.get(APP, {}), {"workload": workload, "delivery": _DELIVERY})
        config = self._write([app.origin.file], {APP: change})
        changed = self._stack(config)
        return config, compile_app(self._app(changed), changed.spec.delivery).plan

    @property
    def _source(self) -> Path:
        return self.root / "stacks" / f"Pulumi.{STACK}.yaml"

    def _stack(self, file: Path) -> LoadedStack:
        return load_stack(self.root, file)

    def _app(self, stack: LoadedStack) -> LoadedApp:
        return next(app for app in stack.apps if app.spec.name == APP)

    def _write(self, apps: list[str], overrides: dict[str, Any]) -> Path:
        return write_stack_file(self._source, self.folder / f"Pulumi.{STACK}.yaml", apps, overrides)
