"""Which standard a namespace of apps enforces: the strictest that admits them all."""

from pathlib import Path
from typing import Any

import pytest

from components.platform import namespaces
from components.platform.pod_standard import laxest, level
from tests.contract.pods_by_standard import PODS
from tests.specs import Project, changed, example_app


@pytest.mark.parametrize("name", PODS)
def test_the_strictest_standard_that_a_pod_meets(name: str) -> None:
    expected, pod = PODS[name]
    assert level(pod) == expected


def test_the_laxest_pod_decides() -> None:
    assert laxest(iter(["restricted", "privileged", "baseline"])) == "privileged"
    assert laxest(iter([])) == "restricted"


@pytest.mark.parametrize(
    ("security", "expected"),
    [({}, "restricted"), ({"run_as_non_root": False}, "baseline"), ({"seccomp": "Unconfined"}, "privileged")],
)
def test_a_workload_that_asks_for_more_gets_a_namespace_that_admits_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: dict[str, Any], expected: str
) -> None:
    monkeypatch.setattr(namespaces, "pieces_of", lambda _stack: iter([]))
    project = Project(tmp_path)
    project.apps(changed(example_app(), "workload", "security", to=security))
    loaded = project.load()
    (namespace,) = namespaces.namespaces(loaded.spec, [app.spec for app in loaded.apps])
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == expected
