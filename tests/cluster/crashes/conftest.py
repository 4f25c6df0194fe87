"""A cluster that knows the kinds of apps and has no controllers, and a project with stacks to be interrupted."""

from collections.abc import Iterator

import pytest

from localcluster.cluster import Cluster
from tests.cluster.objects import apply_all
from tests.cluster.strictly import definitions

from .gate import Gate
from .stacks import Project


@pytest.fixture(scope="session")
def kinds(cluster: Cluster) -> Cluster:
    """The session's cluster with the definitions of Argo Rollouts and Istio."""
    apply_all(cluster.api, definitions())
    return cluster


@pytest.fixture(scope="session")
def gate(kinds: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """The way to the API server on which runs are killed."""
    made = Gate(kinds.kubeconfig, tmp_path_factory.mktemp("gate"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def project(kinds: Cluster, gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project that the stacks belong to."""
    return Project(tmp_path_factory.mktemp("crashes") / "project", kinds, gate)
