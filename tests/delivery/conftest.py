"""All scenarios are played once, together; every test looks at what became of one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.discovery import discover
from localcluster.cluster import Cluster
from tests.clusters import fresh_cluster

from .applied import leave_alone, leave_unscraped
from .by_flux import ByFlux
from .evidence import Evidence
from .flux_play import playing_flux
from .outages import Outages, playing_faults
from .rig import Rig, playing
from .trials import Trials, playing_strategies

_LONGEST_SECONDS = 2400
"""Of one test: the first one waits for two plays, and a slow machine takes its time over each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ends a test that hangs, later than elsewhere."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(_LONGEST_SECONDS))


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
def calm(rig: Rig) -> Cluster:
    """The same cluster once the scenarios are over: neither Flagger nor Prometheus looks at them any more."""
    plans = [release.plan for release in rig.played.values()]
    leave_alone(rig.cluster.api, plans)
    for namespace in sorted({plan.namespace for plan in plans}):
        leave_unscraped(rig.cluster.api, namespace)
    return rig.cluster


@pytest.fixture(scope="session")
def trials(calm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """The releases of every strategy, played."""
    with playing_strategies(calm, tmp_path_factory.mktemp("strategies")) as played:
        yield played


@pytest.fixture(scope="session")
def outages(calm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outages]:
    """The faults, played."""
    with playing_faults(calm, tmp_path_factory.mktemp("faults")) as played_faults:
        yield played_faults


@pytest.fixture(scope="session")
def by_flux(calm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByFlux]:
    """The commits that Flux brings to the cluster, played."""
    with playing_flux(calm, tmp_path_factory.mktemp("flux")) as played:
        yield played


@pytest.fixture
def evidence(request: pytest.FixtureRequest, rig: Rig) -> Evidence:
    """Checks that keep the controllers' logs when they fail."""
    return Evidence(rig.cluster, request.node.name)


@pytest.fixture
def trial_evidence(request: pytest.FixtureRequest, trials: Trials) -> Evidence:
    """The same, for the releases of every strategy."""
    return Evidence(trials.cluster, request.node.name)


@pytest.fixture
def fault_evidence(request: pytest.FixtureRequest, outages: Outages) -> Evidence:
    """The same, for releases that met a fault."""
    return Evidence(outages.cluster, request.node.name)
