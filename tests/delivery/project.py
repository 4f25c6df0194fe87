"""A Pulumi project in a folder of its own: the repository's program and platform, with the tests' apps."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from components.compile import Compiled, compile_stack
from components.metrics.prometheus import PrometheusProvider
from components.observability.watched import Watched
from components.platform.piece import watched_by
from components.spec.load import load_stack
from components.spec.values import Duration
from localcluster.demo.stack_file import write_stack_file
from localcluster.state import REPO

from .messages import CHANNELS
from .scenarios import SCRAPE_SECONDS

_SHARED = ("Pulumi.yaml", "__main__.py", "components", ".venv")


class Released(Protocol):
    """One app and its release."""

    @property
    def name(self) -> str:
        """The app's name."""

    def spec(self) -> dict[str, Any]:
        """The app as its stable version."""

    def change(self) -> dict[str, Any]:
        """What turns it into the version that is released."""


class Project:
    """Fields: `root`: the folder; `scenarios`: whose apps it runs; `router`: behind which, the platform's if not given.

    The platform is only of use to the first router that a cluster has: apps behind another are applied without Pulumi.
    """

    def __init__(self, root: Path, scenarios: Sequence[Released], router: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self._router = router
        self._scenarios = scenarios
        (root / "apps").mkdir(parents=True)
        for name in _SHARED:
            (root / name).symlink_to(REPO / name)
        for scenario in scenarios:
            (root / "apps" / f"{scenario.name}.yaml").write_text(yaml.safe_dump(scenario.spec(), sort_keys=False))

    def stable(self) -> Path:
        """Writes the configuration with every app's stable version."""
        return self._write({})

    def candidate(self) -> Path:
        """Writes the configuration with the version of every app that is released."""
        return self._write({scenario.name: scenario.change() for scenario in self._scenarios})

    def compiled(self, config: Path) -> dict[str, Compiled]:
        """What the apps are compiled to, by name."""
        stack = load_stack(self.root, config)
        metrics = stack.spec.delivery.metrics
        assert isinstance(metrics, PrometheusProvider)
        assert metrics.scrape_interval == Duration.of_seconds(SCRAPE_SECONDS)
        return {compiled.plan.name: compiled for compiled in compile_stack(stack)}

    def watched(self, config: Path) -> Watched:
        """The stack as it is watched."""
        stack = load_stack(self.root, config)
        return watched_by(stack.spec, [app.spec for app in stack.apps])

    def _write(self, overrides: dict[str, Any]) -> Path:
        source = REPO / "stacks" / "Pulumi.local.yaml"
        target = self.root / "stacks" / "Pulumi.local.yaml"
        write_stack_file(source, target, ["apps/*.yaml"], overrides)
        with_both_engines(target)
        return _behind_router(target, self._router) if self._router else target


def with_both_engines(file: Path) -> Path:
    """Adds the other engine to a stack's configuration, and channels that nobody subscribes to."""

    def change(config: dict[str, Any]) -> None:
        config["coalmine:delivery"] |= {"other_engines": ["flagger"], "channels": CHANNELS}
        config["coalmine:platform"]["flagger"] = {"replicas": 1}

    return _changed(file, change)


def _behind_router(file: Path, router: Mapping[str, Any]) -> Path:
    def change(config: dict[str, Any]) -> None:
        config["coalmine:delivery"] |= {"engine": "flagger", "other_engines": [], "router": dict(router)}
        del config["coalmine:platform"]

    return _changed(file, change)


def _changed(file: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    content = yaml.safe_load(file.read_text())
    change(content["config"])
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file
