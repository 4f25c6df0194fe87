"""All scenarios are played once, together; every test looks at what became of one of them."""

from collections.abc import Iterator

import pytest

from components.discovery import discover
from tests.clusters import fresh_cluster

from .evidence import Evidence
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


@pytest.fixture
def evidence(request: pytest.FixtureRequest, rig: Rig) -> Evidence:
    """Checks that keep the controllers' logs when they fail."""
    return Evidence(rig, request.node.name)
