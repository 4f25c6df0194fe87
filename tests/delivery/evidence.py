"""What a failed delivery test says and keeps."""

import shutil
from typing import Protocol

from localcluster.cluster import Cluster
from localcluster.state import base_dir


class Told(Protocol):
    """A release that can say what became of it."""

    @property
    def name(self) -> str:
        """The app's name."""

    def told(self) -> list[str]:
        """What was seen of it, in lines."""


class Evidence:
    """Checks conditions of one test. Fields: `cluster`; `test`: its name."""

    def __init__(self, cluster: Cluster, test: str) -> None:
        self._cluster = cluster
        self._test = test

    def check(self, condition: bool, release: Told, message: str) -> None:
        """Fails the test with the message, what was seen of the release, and where the controllers' logs are kept."""
        if condition:
            return
        lines = [f"{release.name}: {message}", *release.told(), f"the controllers' logs: {self._keep()}"]
        raise AssertionError("\n".join(lines))

    def _keep(self) -> str:
        kept = base_dir() / "test-artifacts" / self._test
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._cluster.state.logs, kept)
        return str(kept)
