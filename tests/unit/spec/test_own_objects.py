"""Objects that a user applies beside the app's own."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import Project, app_messages, changed, only

from .packaged import RUNS, SHOP, compiled

OBJECTS: dict[str, tuple[Any, str]] = {
    "no object": ({}, "must have a text 'apiVersion'"),
    "no kind": ({"apiVersion": "v1"}, "must have a text 'kind'"),
    "no name": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a"}},
        "must have a 'metadata.name'",
    ),
    "a number as a label": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"b": 1}}},
        "must have text in 'metadata.labels': write numbers and truths in quotes",
    ),
    "a Deployment": ({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}, RUNS),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_the_users_own_is_refused_where_it_stands(tmp_path: Path, name: str) -> None:
    one, message = OBJECTS[name]
    [found] = app_messages(tmp_path, changed(SHOP, "workload", "objects", to=[one]))
    assert found.startswith("workload.objects[0]: ")
    assert message in found


def test_an_object_of_the_users_own_is_applied_as_it_is(tmp_path: Path) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "most"}, "spec": {"hard": {"pods": "9"}}}
    twice = changed(SHOP, "workload", "objects", to=[quota, quota])
    assert app_messages(tmp_path, twice) == [
        "workload.objects[1]: is the object of that kind and name again, after the one at 0"
    ]
    project = Project(tmp_path)
    made = compiled(project, changed(SHOP, "workload", "objects", to=[quota]))[0]
    assert only(made.manifests, "ResourceQuota")["spec"] == quota["spec"]
