"""What the Pulumi program does with its configuration before anything is built."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import set_all_config
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from components import program, reach
from components.spec.cluster import StackSpec
from components.spec.kubeconfig import Kubeconfig
from tests.specs import Project, changed, example_app, stack_keys
from tests.unit.platform.registrations import registered


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose program runs as a preview of the stack `test`."""
    made = Project(tmp_path)
    made.apps(example_app())
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    monkeypatch.setattr(pulumi.runtime, "get_root_directory", lambda: str(tmp_path))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    return made


def configure(keys: dict[str, Any], secret: Sequence[str] = (), **others: str) -> None:
    """Sets what Pulumi would hand over: text, with mappings and lists as JSON; `secret`: keys that hold a secret."""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()}
    set_all_config(
        {**{f"coalmine:{key}": text for key, text in texts.items()}, **others}, [f"coalmine:{key}" for key in secret]
    )


@pytest.fixture(autouse=True)
def restored() -> Any:
    """No configuration is left for other tests."""
    before = pulumi_config.CONFIG.get()
    yield
    set_all_config(before, [])


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
    def unreachable(_kubeconfig: Kubeconfig | None, _context: str | None) -> None:
        raise reach.UnreachableError("the cluster is not there")

    monkeypatch.setattr(reach, "require", unreachable)
    configure(stack_keys())
    assert program.read_stack().file == "stacks/Pulumi.test.yaml"
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    with pytest.raises(pulumi.RunError, match=r"^the cluster is not there$"):
        program.read_stack()
    configure(changed(stack_keys(), "cluster", "name", to="Not A Name"))
    with pytest.raises(pulumi.RunError, match=r"coalmine:cluster\.name") as raised:
        program.read_stack()
    assert "not there" not in str(raised.value), "what is written wrong is to be mended first"


CONTENTS = "kind: Config\nusers: [{name: me, user: {token: hunter2}}]\n"


def with_kubeconfig(text: str) -> dict[str, Any]:
    """The smallest valid stack with a kubeconfig."""
    return changed(stack_keys(), "cluster", "kubeconfig", to=text)


@pytest.mark.parametrize("contents", [CONTENTS, json.dumps(yaml.safe_load(CONTENTS))])
def test_a_secret_kubeconfig_is_never_part_of_a_text(project: Project, contents: str) -> None:
    configure(with_kubeconfig(contents), secret=["cluster"])
    loaded = program.read_stack()
    assert loaded.spec.cluster.kubeconfig == Kubeconfig(contents=contents)
    for text in (repr(loaded), str(loaded), loaded.spec.model_dump_json(), str(loaded.spec.model_dump())):
        assert "hunter2" not in text


def with_credentials(given: Any) -> dict[str, Any]:
    """A stack with a channel and its credentials."""
    slack = {"releases": {"kind": "slack", "channel": "releases"}}
    return {**changed(stack_keys(), "delivery", "channels", to=slack), "credentials": given}


def test_a_channels_credentials_are_never_part_of_a_text(project: Project) -> None:
    configure(with_credentials({"releases": {"token": "hunter2"}}), secret=["credentials"])
    loaded = program.read_stack()
    assert loaded.spec.credentials["releases"]["token"].contents == "hunter2"
    for text in (repr(loaded), str(loaded), loaded.spec.model_dump_json(), str(loaded.spec.model_dump())):
        assert "hunter2" not in text


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        ({"releases": {"token": "hunter2"}}, []),
        ({"releases": "hunter2"}, ["credentials"]),
        ({"releases": {"tokn": "hunter2"}}, ["credentials"]),
        ("hunter2", ["credentials"]),
    ],
)
def test_wrong_credentials_are_refused_without_a_word_of_them(project: Project, given: Any, secret: list[str]) -> None:
    configure(with_credentials(given), secret=secret)
    with pytest.raises(pulumi.RunError) as raised:
        program.read_stack()
    assert "coalmine:credentials" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("cluster", with_kubeconfig("clusters/kubeconfig-hunter2")),
        ("cluster", with_kubeconfig(base64.b64encode(CONTENTS.encode()).decode())),
        ("cluster", changed(stack_keys(), "cluster", "kubeconfig", to={"users": ["hunter2"]})),
        ("cluster", changed(stack_keys(), "cluster", "context", to="hunter2")),
        ("cluster", {**stack_keys(), "cluster": "hunter2"}),
        ("overrides", {**stack_keys(), "overrides": {"shop": {"owner": "hunter2"}}}),
        ("apps", {**stack_keys(), "apps": ["hunter2"]}),
        ("kubeconfig", {**stack_keys(), "kubeconfig": CONTENTS}),
    ],
)
def test_any_other_secret_is_refused_without_a_word_of_it(project: Project, key: str, keys: dict[str, Any]) -> None:
    configure(keys, secret=[key])
    with pytest.raises(pulumi.RunError) as raised:
        program.read_stack()
    [line] = str(raised.value).splitlines()
    assert line.startswith(f"stacks/Pulumi.test.yaml: coalmine:{key}: holds a secret")
    assert "hunter2" not in line
    assert base64.b64encode(CONTENTS.encode()).decode() not in line


def test_contents_that_are_no_secret_are_refused_without_a_word_of_them(project: Project) -> None:
    configure(with_kubeconfig(CONTENTS))
    with pytest.raises(pulumi.RunError) as raised:
        program.read_stack()
    assert "coalmine:cluster.kubeconfig: holds credentials in plain text" in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_provider_gets_contents_as_a_secret_and_of_a_file_its_path(tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(CONTENTS, encoding="utf-8")

    def given(kubeconfig: Kubeconfig) -> list[Any]:
        keys = changed(stack_keys(), "cluster", "kubeconfig", to=kubeconfig)
        cluster = StackSpec.model_validate(keys).cluster
        return [one.inputs["kubeconfig"] for one in registered(lambda: program.ClusterProvider(cluster)).values()]

    assert given(Kubeconfig(path=str(file))) == [str(file)]
    [sealed] = given(Kubeconfig(contents=CONTENTS))
    assert is_rpc_secret(sealed)
    assert unwrap_rpc_secret(sealed) == CONTENTS
    with pytest.raises(pulumi.RunError, match="is encrypted"):
        given(Kubeconfig())
