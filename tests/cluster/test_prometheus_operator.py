"""Objects for a cluster's Prometheus operator, before the real API server with the operator's own definitions."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.platform.sources import PROMETHEUS_OPERATOR_KINDS, fetch, locate
from localcluster.api import Api, Object
from localcluster.cluster import Cluster
from localcluster.tools.toolchain import go_program
from tests.unit.platform.test_prometheus_operator import ALL, objects, project

from .objects import apply_all
from .strictly import dry_run, dry_run_whole, make_namespace

HOOK = {"kind": "webhook", "secret": "hook", "key": "address"}
SIZE = {"requests": {"cpu": "10m", "memory": "64Mi"}}
ALERTMANAGER = {"storage": "1Gi", "storage_class": "fast", "resources": SIZE}
KINDS = ("PodMonitor", "PrometheusRule", "AlertmanagerConfig", "Alertmanager")


class Loader(yaml.CSafeLoader):
    """A loader that takes `=` for text: in these definitions it is a way to match labels."""


Loader.add_constructor("tag:yaml.org,2002:value", Loader.construct_scalar)


def definitions() -> Iterator[Object]:
    fetch(str(go_program()), [PROMETHEUS_OPERATOR_KINDS])
    for path in PROMETHEUS_OPERATOR_KINDS.paths:
        yield yaml.load((locate(PROMETHEUS_OPERATOR_KINDS) / path).read_text(encoding="utf-8"), Loader=Loader)


@pytest.fixture(scope="module")
def knowing(cluster: Cluster) -> Api:
    """The API server, knowing the operator's kinds."""
    apply_all(cluster.api, definitions())
    make_namespace(cluster.api, "alerts")
    return cluster.api


@pytest.fixture
def made(tmp_path: Path) -> list[Object]:
    """All that the piece can make."""
    options = {"namespace": "alerts", "labels": {"release": "stack"}, "receivers": {**ALL, "hook": HOOK}}
    return objects(project(tmp_path, alertmanager=ALERTMANAGER, **options).load())


def test_the_api_server_takes_every_object_and_keeps_it_as_it_is(knowing: Api, made: list[Object]) -> None:
    assert {item["kind"] for item in made} == set(KINDS)
    refused = [said for item in made if (said := dry_run_whole(knowing, item))]
    assert not refused, "\n".join(refused)


def test_the_routes_inside_the_first_one_are_routes(knowing: Api, made: list[Object]) -> None:
    """The definition takes anything there; the operator reads each as a route."""
    [config] = [item for item in made if item["kind"] == "AlertmanagerConfig"]
    for route in config["spec"]["route"]["routes"]:
        assert dry_run_whole(knowing, {**config, "spec": {**config["spec"], "route": route}}) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_the_operator_does_not_know_would_be_found(knowing: Api, made: list[Object], kind: str) -> None:
    """The control."""
    wrong = copy.deepcopy(next(item for item in made if item["kind"] == kind))
    wrong["spec"]["strange"] = 1
    assert 'unknown field "spec.strange"' in dry_run(knowing, wrong)
