"""One local cluster for the whole session, and more for the tests that need one of their own."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from localcluster.cluster import Cluster
from localcluster.process import is_running
from localcluster.state import base_dir

_PREFIX = "test-"


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A ready local cluster without a platform; tests work in namespaces of their own."""
    with fresh_cluster(request, "session") as made:
        yield made


@contextmanager
def fresh_cluster(request: pytest.FixtureRequest, purpose: str) -> Iterator[Cluster]:
    """A local cluster of this test run; ended afterwards, its logs kept when a test failed meanwhile."""
    remove_abandoned()
    made = Cluster(f"{_PREFIX}{os.getpid()}-{purpose}")
    before = request.session.testsfailed
    try:
        made.up()
        yield made
    finally:
        if request.session.testsfailed > before:
            keep_logs(made)
        made.down()


def keep_logs(cluster: Cluster) -> None:
    """Copy the logs of every piece to where they survive the cluster, and say where."""
    kept = base_dir() / "failed-logs" / cluster.name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(cluster.state.logs, kept)
    print(f"\nlogs of the local cluster: {kept}", file=sys.stderr)


def remove_abandoned() -> None:
    """End the clusters of test runs that were killed before they could."""
    for folder in sorted(base_dir().glob(f"{_PREFIX}*")):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not is_running(int(owner)):
            Cluster(folder.name).down()
