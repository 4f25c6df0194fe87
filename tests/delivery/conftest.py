"""All scenarios are played once, together; every test looks at what became of one of them."""

from collections.abc import Iterator

import pytest

from components.discovery import discover
from tests.clusters import fresh_cluster

from .evidence import Evidence
from .outages import Outages, playing_faults
from .rig import Rig, playing


@pytest.fixture(scope="session")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The scenarios, played, in a cluster of their own: the platform in it is the one that Pulumi installs."""
    discover()
    with (
        fresh_cluster(request, "delivery") as cluster,
        playing(cluster, tmp_path_factory.mktemp("delivery")) as played,
    ):
        yield played


@pytest.fixture(scope="session")
def outages(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outages]:
    """The faults, played, in the same cluster once the scenarios are over."""
    for played in rig.played.values():
        rig.load.set_rate(played.scenario.host, 0)
    with playing_faults(rig.cluster, tmp_path_factory.mktemp("faults")) as played_faults:
        yield played_faults


@pytest.fixture
def evidence(request: pytest.FixtureRequest, rig: Rig) -> Evidence:
    """Checks that keep the controllers' logs when they fail."""
    return Evidence(rig.cluster, request.node.name)


@pytest.fixture
def fault_evidence(request: pytest.FixtureRequest, outages: Outages) -> Evidence:
    """The same, for releases that met a fault."""
    return Evidence(outages.cluster, request.node.name)
