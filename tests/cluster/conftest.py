"""What several modules of these tests share."""

from collections.abc import Iterator

import pytest

from localcluster.api import Api
from localcluster.cluster import Cluster

from .installed_platform import Installed, platform
from .objects import apply_all
from .strictly import definitions


@pytest.fixture(scope="session")
def with_platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A cluster with the platform of the stack `local`; installing it takes longer than most tests."""
    with platform(request, tmp_path_factory.mktemp("config")) as made:
        yield made


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Api:
    """The API server, knowing the kinds of the engines and the routers."""
    apply_all(cluster.api, definitions())
    return cluster.api
