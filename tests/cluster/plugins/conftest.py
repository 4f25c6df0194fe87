"""Fixtures of the tests of the plug-ins: projects on the real engine, the provider alone, the real API server."""

import itertools
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.plugins.kubernetes_provider.client import Client
from localcluster.plugins.kubernetes_provider.kubeconfig import connection
from localcluster.plugins.kubernetes_provider.settings import Settings
from localcluster.tools import tool_path

from .project import Project
from .provider import Provider
from .recorder import Recorder
from .resources import widget_crd

_ROOT = Path(__file__).resolve().parents[3]
NewProject = Callable[..., Project]


@pytest.fixture(scope="session")
def kubeconfig(cluster: Any) -> str:
    """The path of the cluster's kubeconfig."""
    return str(cluster.kubeconfig)


@pytest.fixture(scope="session")
def client(kubeconfig: str) -> Client:
    """Requests to the API server, past the plug-ins under test."""
    return Client(connection(Settings(kubeconfig=kubeconfig)))


@pytest.fixture(scope="session")
def widgets(client: Client) -> Iterator[None]:
    """The CRD of the tests' custom resources, served."""
    crd = widget_crd()
    root = f"/apis/{crd['apiVersion']}/customresourcedefinitions"
    client.request("POST", root, body=crd)
    path = f"{root}/{crd['metadata']['name']}"
    deadline = time.monotonic() + 30
    while not _is_established(client.request("GET", path)):
        assert time.monotonic() < deadline, "the API server did not establish the tests' CRD within 30 s"
        time.sleep(0.05)
    yield
    client.request("DELETE", path)


def _is_established(crd: dict[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(item["type"] == "Established" and item["status"] == "True" for item in conditions)


@pytest.fixture(scope="module")
def namespace(client: Client) -> Iterator[str]:
    """A namespace of the module's own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    client.request("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})
    yield name
    client.request("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def recorder(client: Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """A server in front of the API server that remembers requests."""
    made = Recorder(client, tmp_path_factory.mktemp("recorder"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def new_project(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> NewProject:
    """Makes projects with a provider for the cluster, with another one, or (`default_provider`) with none."""

    def make(provider: Mapping[str, str] | None = None, default_provider: bool = False) -> Project:
        home = tmp_path_factory.mktemp("project")
        folder = home / "plugins"
        shutil.copytree(Path(__file__).with_name("program"), folder, ignore=shutil.ignore_patterns("__pycache__"))
        runtime = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "plugins", "runtime": runtime}), encoding="utf-8")
        if default_provider:
            return Project(folder, environment(home) | {"KUBECONFIG": kubeconfig}, None)
        return Project(folder, environment(home), provider or {"kubeconfig": kubeconfig})

    return make


@pytest.fixture(scope="session")
def new_provider(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Provider]]:
    """Starts kubernetes providers for the cluster, unless another configuration is given."""
    started: list[Provider] = []
    numbers = itertools.count()

    def start(**configuration: str) -> Provider:
        home = tmp_path_factory.mktemp(f"provider-{next(numbers)}")
        started.append(Provider({"kubeconfig": kubeconfig} | configuration, environment(home)))
        return started[-1]

    yield start
    for provider in started:
        provider.close()


@pytest.fixture(scope="session")
def provider(new_provider: Callable[..., Provider]) -> Provider:
    """A kubernetes provider for the cluster."""
    return new_provider()


@pytest.fixture(scope="module")
def recorded_provider(new_provider: Callable[..., Provider], recorder: Recorder) -> Provider:
    """A kubernetes provider whose requests the recorder remembers."""
    return new_provider(kubeconfig=str(recorder.kubeconfig))


def environment(home: Path) -> dict[str, str]:
    """What Pulumi's processes see: the bundled plug-ins unless PLUGINS=official, and nothing of the user's Pulumi."""
    official = os.environ.get("PLUGINS") == "official"
    bundled = [] if official else [str(_ROOT / "localcluster" / "plugins" / "bin")]
    path = [*bundled, str(tool_path("pulumi").parent), os.environ["PATH"]]
    dropped = ("PULUMI_", "KUBECONFIG")
    settings = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    settings |= {
        "PATH": os.pathsep.join(path),
        "PULUMI_BACKEND_URL": home.as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "plugin-tests",
        # The flag --event-log exists only with this.
        "PULUMI_DEBUG_COMMANDS": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    return settings if official else settings | {"PULUMI_HOME": str(home / "pulumi-home")}
