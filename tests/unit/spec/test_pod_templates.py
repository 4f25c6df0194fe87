"""A full pod template of any shape is taken or refused by path, on every engine; nothing else becomes of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import Project, changed, example_app, stack_keys

SEARCH = example_app("pod-template")
ENGINES = ("argo-rollouts", "flagger")


def messages(root: Path, engine: str, ports: Any) -> list[str]:
    """What is said when the first container's ports are these."""
    project = Project(root)
    project.stack(changed(stack_keys(), "delivery", "engine", to=engine))
    app = changed(SEARCH, "workload", "pod_template", "spec", "containers", 0, "ports", to=ports)
    project.apps(app)
    return project.messages()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("ports", [7, 1.5, "http", {"containerPort": 8080}, [8080], [[]]], ids=str)
def test_ports_that_are_no_list_of_ports_are_refused(tmp_path: Path, engine: str, ports: Any) -> None:
    place = "apps/app.yaml: workload.pod_template.spec.containers[0].ports"
    assert f"{place}: must be a list of ports, with 'containerPort'" in messages(tmp_path, engine, ports)


@pytest.mark.parametrize("engine", ENGINES)
def test_ports_that_say_nothing_are_as_good_as_none(tmp_path: Path, engine: str) -> None:
    assert messages(tmp_path, engine, None) == messages(tmp_path / "none", engine, [])
