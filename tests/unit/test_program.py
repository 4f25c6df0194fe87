"""What the Pulumi program does with its configuration before anything is built."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import set_all_config

from components import program, reach
from tests.specs import Project, changed, example_app, stack_keys


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose program runs as a preview of the stack `test`."""
    made = Project(tmp_path)
    made.apps(example_app())
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    monkeypatch.setattr(pulumi.runtime, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return made


def configure(keys: dict[str, Any], **others: str) -> None:
    """Sets what Pulumi would hand over: text, with mappings and lists as JSON."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()}
    set_all_config({**{f"coalmine:{key}": text for key, text in texts.items()}, **others})


@pytest.fixture(autouse=True)
def restored() -> Any:
    """No configuration is left for other tests."""
    before = pulumi_config.CONFIG.get()
    yield
    pulumi_config.CONFIG.set(before)


def test_the_stack_is_what_pulumi_read(project: Project) -> None:
    configure(stack_keys())
    loaded = program.read_stack()
    assert loaded.spec.cluster.name == "test"
    assert [app.spec.name for app in loaded.apps] == [example_app()["name"]]


def test_keys_of_other_projects_are_not_ours(project: Project) -> None:
    configure(stack_keys(), **{"kubernetes:context": "elsewhere"})
    assert set(program.raw_config()) == set(stack_keys())


def test_every_mistake_is_said_at_once_with_file_path_and_suggestion(project: Project) -> None:
    keys = changed(stack_keys(), "delivery", "router", to={"kind": "istoi"})
    configure({**keys, "platfrom": {}, "cluster": {"name": "test", "kubernetes": 1.36}})
    with pytest.raises(pulumi.RunError) as raised:
        program.read_stack()
    lines = str(raised.value).splitlines()
    assert len(lines) == 3, lines
    assert all(line.startswith("stacks/Pulumi.test.yaml: coalmine:") for line in lines)
    assert any("platfrom" in line and "did you mean 'platform'?" in line for line in lines), lines
    assert any("istoi" in line and "did you mean 'istio'?" in line for line in lines), lines
    assert any("cluster.kubernetes" in line for line in lines), lines


def test_a_word_where_a_mapping_is_expected_is_said_with_its_key(project: Project) -> None:
    configure({**stack_keys(), "platform": "everything"})
    with pytest.raises(pulumi.RunError, match="coalmine:platform: must be a mapping"):
        program.read_stack()


def test_an_app_in_a_namespace_of_the_platform_is_refused(project: Project) -> None:
    project.apps(changed(example_app(), "namespace", to="istio-system"))
    configure(stack_keys())
    with pytest.raises(pulumi.RunError, match=r"apps/app.yaml: namespace: 'istio-system' belongs to istio"):
        program.read_stack()


def test_a_metrics_server_elsewhere_and_one_of_the_platform_are_refused_together(project: Project) -> None:
    elsewhere = {"kind": "prometheus", "address": "https://metrics.example.com"}
    configure(changed(stack_keys(), "delivery", "metrics", to=elsewhere))
    with pytest.raises(pulumi.RunError, match=r"set platform.prometheus.install to false"):
        program.read_stack()
    configure(
        {**changed(stack_keys(), "delivery", "metrics", to=elsewhere), "platform": {"prometheus": {"install": False}}}
    )
    assert program.read_stack().spec.platform.prometheus.install is False


def test_an_update_asks_for_the_cluster_first_and_a_preview_does_not(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_kubeconfig: str | None, _context: str | None) -> None:
        raise reach.UnreachableError("the cluster is not there")

    monkeypatch.setattr(program, "require", unreachable)
    configure(stack_keys())
    assert program.read_stack().file == "stacks/Pulumi.test.yaml"
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    with pytest.raises(pulumi.RunError, match=r"^the cluster is not there$"):
        program.read_stack()
