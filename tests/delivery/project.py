"""A Pulumi project in a folder of its own: the repository's program and platform, with the tests' apps."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from components.compile import Compiled, compile_stack
from components.metrics.prometheus import PrometheusProvider
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
    """Fields: `root`: the folder; `scenarios`: whose apps it runs."""

    def __init__(self, root: Path, scenarios: Sequence[Released]) -> None:
        self.root = root
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

    def _write(self, overrides: dict[str, Any]) -> Path:
        source = REPO / "stacks" / "Pulumi.local.yaml"
        target = self.root / "stacks" / "Pulumi.local.yaml"
        write_stack_file(source, target, ["apps/*.yaml"], overrides)
        return with_both_engines(target)


def with_both_engines(file: Path) -> Path:
    """Adds the other engine to a stack's configuration, and channels that nobody subscribes to."""
    content = yaml.safe_load(file.read_text())
    content["config"]["coalmine:delivery"] |= {"other_engines": ["flagger"], "channels": CHANNELS}
    content["config"]["coalmine:platform"]["flagger"] = {"replicas": 1}
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file
