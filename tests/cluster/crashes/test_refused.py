"""Objects that are somebody else's: named in preview and update, and left as they are; and controls without that."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from localcluster.api import Api, Object, path_of
from localcluster.cluster import Cluster

from .gate import Gate, Stop
from .stacks import LABEL, Project, Stack

SERVICES, ACCOUNTS = "v1/services", "v1/serviceaccounts"
ROUTES = "networking.istio.io/v1/virtualservices"
MADE_BY = "coalmine.dev/resource"
OTHER_NAME = "coalmine:index:App$kubernetes:networking.istio.io/v1:VirtualService::old/VirtualService/second"


def make(api: Api, collection: str, namespace: str, item: Object) -> None:
    """An object that somebody makes by hand."""
    api.request("POST", path_of(collection, namespace), item, query={"fieldManager": "kubectl-create"})


def namespace(name: str, **labels: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def foreign(stack: Stack) -> dict[str, Object]:
    """Collection -> an object that the stack wants to make: nobody's, another stack's, another resource's."""

    def item(version: str, kind: str, name: str, label: str, spec: Any, **annotations: str) -> Object:
        labels = {LABEL: label} if label else {"team": "other"}
        metadata = {"name": name, "namespace": stack.name, "labels": labels, "annotations": annotations}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **({"spec": spec} if spec else {})}

    ports = {"ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}]}
    renamed = item("networking.istio.io/v1", "VirtualService", "second", stack.label, {"hosts": ["second.example.com"]})
    renamed["metadata"]["annotations"] = {MADE_BY: OTHER_NAME}
    return {
        ACCOUNTS: item("v1", "ServiceAccount", "first", "", None),
        SERVICES: item("v1", "Service", "first-stable", "coalmine.other", ports),
        ROUTES: renamed,
    }


def seen(api: Api, stack: Stack, objects: Iterable[tuple[str, Object]]) -> dict[str, Object]:
    """The objects as they are."""
    return {one: api.get(path_of(one, stack.name, item["metadata"]["name"])) for one, item in objects}


def test_foreign_objects_are_refused_by_name_left_alone_and_taken_over_once_they_are_handed_over(
    project: Project,
) -> None:
    stack, api = project.stack("refusing"), project.cluster.api
    make(api, "v1/namespaces", "", namespace(stack.name, **{LABEL: stack.label}))
    objects = foreign(stack)
    for collection, item in objects.items():
        make(api, collection, stack.name, item)
    before = seen(api, stack, objects.items())
    expected = [
        "ServiceAccount refusing/first exists already and belongs to no stack (written by kubectl-create): ",
        "Service refusing/first-stable exists already and belongs to the stack 'coalmine.other': ",
        f"VirtualService refusing/second exists already as another resource of this stack, {OTHER_NAME}, ",
    ]
    # A preview stops at the first error, of which several may come at once.
    for enough, command in ((1, ("preview",)), (3, ("up", "--yes", "--skip-preview", "--continue-on-error"))):
        ended = stack.pulumi(*command)
        assert ended.code != 0, f"{command[0]} went on:\n{ended.text[-2000:]}"
        said = [line for line in expected if line in ended.text]
        assert len(said) >= enough, f"{command[0]} says only {said}\n{ended.text[-3000:]}"
    assert seen(api, stack, objects.items()) == before, "a foreign object was changed"

    hand_over(api, stack)
    ended = stack.up()
    assert ended.code == 0, ended.text[-3000:]
    after = seen(api, stack, objects.items())
    assert {one: item["metadata"]["uid"] for one, item in after.items()} == {
        one: item["metadata"]["uid"] for one, item in before.items()
    }


def hand_over(api: Api, stack: Stack) -> None:
    """What the commands in the messages do."""
    label = {"metadata": {"labels": {LABEL: stack.label}}}
    api.patch(path_of(ACCOUNTS, stack.name, "first"), label)
    api.patch(path_of(SERVICES, stack.name, "first-stable"), label)
    api.patch(path_of(ROUTES, stack.name, "second"), {"metadata": {"annotations": {MADE_BY: None}}})


def test_a_namespace_made_by_hand_is_refused_too(project: Project) -> None:
    stack, api = project.stack("by-hand"), project.cluster.api
    make(api, "v1/namespaces", "", namespace(stack.name, team="other"))
    ended = stack.up()
    assert ended.code != 0
    assert "Namespace by-hand exists already and belongs to no stack (written by kubectl-create): " in ended.text
    assert "`kubectl label --overwrite namespace by-hand coalmine.dev/stack=coalmine.by-hand`" in ended.text


@pytest.fixture(scope="module")
def unguarded(kinds: Cluster, gate: Gate, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same program with a plain provider."""
    root = tmp_path_factory.mktemp("unguarded")
    program = root / "program.py"
    shutil.copy(Path(__file__).with_name("unguarded.py"), program)
    return Project(root / "project", kinds, gate, program)


def test_without_a_take_over_a_killed_run_cannot_be_repeated(unguarded: Project) -> None:
    stack = unguarded.stack("plain")
    stack.killed("up", Stop(4, done=True))
    stack.pulumi("cancel", "--yes")
    ended = stack.up()
    assert ended.code != 0
    assert "already exists" in ended.text


def test_without_the_guard_a_take_over_takes_what_is_somebody_elses(unguarded: Project) -> None:
    stack, api = unguarded.stack("upserting"), unguarded.cluster.api
    stack.pulumi("config", "set", "control:upsert", "true")
    make(api, "v1/namespaces", "", namespace(stack.name, team="other"))
    make(api, ACCOUNTS, stack.name, foreign(stack)[ACCOUNTS])
    taken = path_of(ACCOUNTS, stack.name, "first")
    stack.up()
    assert api.get(taken)["metadata"]["labels"].get(LABEL) == stack.label, "the guard is not what protects it"
