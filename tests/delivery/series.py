"""The apps whose metrics are not what they should be: applied without Pulumi, their series made up by an exporter."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from components.compile import Compiled
from localcluster.api import Object, path_of
from localcluster.cluster import Cluster

from .scenarios import SCRAPED, SERIES_NAMESPACE

_EXPORTER_PORT = 9180
_IMPOSTER = "2.0.0-0000000000"


def claim(compiled: Compiled, *, version: str = "", durations: bool = True) -> dict[str, Any]:
    """Healthy series in a canary's name, under another version or without any measured duration if so asked."""
    labels = {
        "reporter": "destination",
        "destination_workload_namespace": compiled.plan.namespace,
        "destination_canonical_service": compiled.plan.name,
        "destination_version": version or compiled.plan.revision,
        "response_code": "200",
    }
    return {"labels": labels, "requests": 20, "durations": durations}


def mislabelled(compiled: Compiled) -> dict[str, Any]:
    """The canary's requests, reported under a version that is not its own."""
    return claim(compiled, version=_IMPOSTER)


def not_a_number(compiled: Compiled) -> dict[str, Any]:
    """Requests without durations: any quantile of nothing is NaN."""
    return claim(compiled, durations=False)


@contextmanager
def exporter(cluster: Cluster, series: list[dict[str, Any]]) -> Iterator[None]:
    """A pod that Prometheus scrapes, and the process that answers for it."""
    cluster.api.apply(path_of("v1/pods", SERIES_NAMESPACE, "exporter"), _pod())
    process = subprocess.Popen(
        cluster.inside([sys.executable, "-m", "tests.delivery.exporter", str(_EXPORTER_PORT)]),
        env=cluster.inner_environment(),
        stdin=subprocess.PIPE,
        text=True,
    )
    try:
        if process.stdin is not None:
            process.stdin.write(json.dumps(series) + "\n")
            process.stdin.flush()
        yield
    finally:
        process.communicate(timeout=10)


def _pod() -> Object:
    asked = {**SCRAPED, "prometheus.io/port": str(_EXPORTER_PORT), "prometheus.io/path": "/metrics"}
    container = {"name": "exporter", "image": "registry.example.com/delivery/exporter:1.0.0"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "exporter", "namespace": SERIES_NAMESPACE, "annotations": asked},
        "spec": {"containers": [container]},
    }
