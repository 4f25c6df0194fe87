"""The whole demo: the cluster, the five releases, and what to do next."""

import time
from collections.abc import Sequence

from components.discovery import discover

from ..cluster import Cluster
from ..load import Load
from ..state import REPO
from .display import Display
from .gateway import Gateway
from .pulumi_cli import Pulumi
from .releases import Release
from .results import VersionResult
from .scene import Scene
from .stage import Stage
from .versions import VERSIONS

_UP_SECONDS = 300


def play(cluster: Cluster, results: Sequence[VersionResult], display: Display) -> None:
    """Releases every version in turn on a running cluster; `results` and `display` follow."""
    discover()
    folder = cluster.state.root / "demo"
    pulumi = Pulumi(REPO, cluster.environment(), folder / "logs")
    stage = Stage(REPO, folder)
    _prepare(pulumi, stage, results[0], display)
    with Gateway(cluster) as gateway, Load(cluster, {stage.host: 0}) as load:
        scene = Scene(cluster.api, pulumi, gateway, load, stage)
        stable = ""
        for result in results:
            stable = Release(scene, result, stable, display.update).play()


def waiting() -> list[VersionResult]:
    """The results before anything has happened."""
    return [VersionResult(version) for version in VERSIONS]


def _prepare(pulumi: Pulumi, stage: Stage, first: VersionResult, display: Display) -> None:
    """Installs the platform, and takes away what an earlier demo left of the app: version 1 is a first deployment."""
    first.state = "pulumi up: the platform"
    display.update()
    pulumi.select()
    began = time.time()

    def tick() -> None:
        first.seconds = time.time() - began
        display.update()

    pulumi.up(stage.empty()).wait(_UP_SECONDS, tick)
