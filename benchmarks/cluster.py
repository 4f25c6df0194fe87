"""A local cluster for one benchmark: an API server that knows the kinds of every object, and no controllers."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks.process import BenchmarkFailed
from components.platform.piece import CLUSTER_DEFINITIONS
from components.platform.sources import ARGO_ROLLOUTS_INSTALL, ISTIO_CHARTS, Source, SourceError, locate
from localcluster.api import Api, Object, path_of
from localcluster.cluster import Cluster
from localcluster.state import LocalClusterError

_DEFINITIONS = "apiextensions.k8s.io/v1/customresourcedefinitions"
_ISTIO = ("files", "crd-all.gen.yaml")
_PATIENCE_SECONDS = 300
_POLL_SECONDS = 0.1


@contextmanager
def fresh_cluster() -> Iterator[Cluster]:
    """A new cluster, ended afterwards; a cluster of the user's is left alone. Raises BenchmarkFailed."""
    made = Cluster(f"bench-{os.getpid()}")
    try:
        made.up()
        define_kinds(made.api)
        yield made
    except (LocalClusterError, SourceError) as error:
        raise BenchmarkFailed(str(error)) from None
    finally:
        made.down()


def define_kinds(api: Api) -> None:
    """The definitions of the kinds that Argo Rollouts and Istio add; what they run is left out."""
    found = [item for file in (_file(ARGO_ROLLOUTS_INSTALL), _file(ISTIO_CHARTS, *_ISTIO)) for item in _objects(file)]
    definitions = [item for item in found if item["kind"] == CLUSTER_DEFINITIONS]
    names = [item["metadata"]["name"] for item in definitions]
    for name, item in zip(names, definitions, strict=True):
        api.apply(path_of(_DEFINITIONS, name=name), item)
    until(lambda: all(_established(api, name) for name in names), "the new kinds are not served")


def _file(source: Source, *below: str) -> Path:
    return locate(source).joinpath(source.paths[0], *below)


def _objects(file: Path) -> list[Object]:
    return [item for item in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader) if item]


def remove_namespace(api: Api, name: str) -> None:
    """Deletes a namespace with all that is in it, and waits until it is gone."""
    path = path_of("v1/namespaces", name=name)
    api.delete(path)
    until(lambda: api.find(path) is None, f"namespace {name} is not gone")


def until(condition: Callable[[], bool], otherwise: str) -> None:
    """Waits for a condition. Raises BenchmarkFailed."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise BenchmarkFailed(f"{otherwise} after {_PATIENCE_SECONDS} s")
        time.sleep(_POLL_SECONDS)


def _established(api: Api, name: str) -> bool:
    found: Object = api.get(path_of(_DEFINITIONS, name=name))
    conditions = found.get("status", {}).get("conditions") or []
    return any(one["type"] == "Established" and one["status"] == "True" for one in conditions)
