"""The pinned Prometheus takes changed rules over while it runs: new pods would have no samples to judge releases by."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from components.observability.rules import rule_files
from components.platform.piece import watched_by
from localcluster.tools import tool_path
from tests.cluster.objects import wait_for

from .platform_stacks import BOTH_ENGINES, everything, stack

_SECONDS = 30
_FOLDER = "/etc/prometheus-rules"


def deployed() -> tuple[dict[str, Any], list[str]]:
    """The server's configuration and its arguments, as the platform has them."""
    found = {one["kind"]: one for one in everything(BOTH_ENGINES) if one["metadata"]["name"] == "prometheus"}
    [container] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    return yaml.safe_load(found["ConfigMap"]["data"]["prometheus.yml"]), container["args"]


def project(folder: Path, version: str, files: dict[str, str]) -> None:
    """Writes the files as a kubelet does: into a folder of their own, to which a link is turned in one step."""
    content = folder / f"..{version}"
    content.mkdir(parents=True)
    for name, text in files.items():
        (content / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    (folder / "..new").symlink_to(content.name)
    (folder / "..new").rename(folder / "..data")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    loaded = stack(BOTH_ENGINES)
    project(folder, "1", dict(rule_files(watched_by(loaded.spec, [app.spec for app in loaded.apps]))))
    return folder


@pytest.fixture
def server(tmp_path: Path, rules: Path) -> Iterator[Callable[[], set[str]]]:
    """A running server; gives the names of its groups of rules."""
    config, arguments = deployed()
    # Nothing to collect here: no cluster.
    config |= {"scrape_configs": [], "rule_files": [one.replace(_FOLDER, str(rules)) for one in config["rule_files"]]}
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    own = ("--config.file", "--storage.tsdb.path", "--web.listen-address")
    given = [one for one in arguments if not one.startswith(own)]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    places = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data"]
    quick = [f"--web.listen-address=127.0.0.1:{port}", "--config.auto-reload-interval=1s"]
    with (tmp_path / "log").open("wb") as log:
        running = subprocess.Popen([tool_path("prometheus"), *given, *places, *quick], stdout=log, stderr=log)

    def groups() -> set[str]:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/api/v1/rules", timeout=5)
        except httpx.TransportError:
            assert running.poll() is None, (tmp_path / "log").read_text()
            return set()
        return {group["name"] for group in answer.json()["data"]["groups"]} if answer.is_success else set()

    try:
        yield groups
    finally:
        running.terminate()
        running.wait(10)


def test_changed_rules_are_taken_over_while_the_server_runs(server: Callable[[], set[str]], rules: Path) -> None:
    loaded = stack(BOTH_ENGINES)
    whole = {"coalmine-releases", "coalmine-alerts"}
    for app in ("shop", "reports"):
        whole |= {f"coalmine-app-{app}", f"coalmine-alerts-{app}"}
    wait_for(lambda: server() == whole, f"the groups {sorted(whole)}", _SECONDS)
    [shop] = [app.spec for app in loaded.apps if app.spec.name == "shop"]
    fewer = dict(rule_files(watched_by(loaded.spec, [shop])))
    project(rules, "2", fewer)
    # The kubelet removes the links of files that are gone.
    (rules / "app-reports.yaml").unlink()
    left = {one for one in whole if not one.endswith("-reports")}
    wait_for(lambda: server() == left, f"the groups {sorted(left)}", _SECONDS)
