"""Flagger's load tester runs on the local cluster, and runs the command of an app's load test when it is asked to."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.platform.pieces import load_tester
from localcluster.api import Object, path_of
from localcluster.cluster import Cluster
from tests.specs import Project, changed, example_app, only, stack_keys

from .objects import apply_all, wait_for
from .strictly import dry_run_whole, make_namespace

PORT = 18_090
LOAD = f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf 'GET /load HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
ASK = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], sys.argv[2].encode(), timeout=10).status)"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A stack with a load tester, and an app that names it."""
    made, keys = Project(tmp_path), stack_keys()
    keys["delivery"] |= {"engine": "flagger"}
    made.stack({**keys, "platform": {"load_tester": {"install": True}}})
    test = {"tester": "http://load-tester.load-tester/", "command": ["bash", "-c", LOAD]}
    made.apps(changed(example_app(), "delivery", "load_test", to=test))
    return made


@pytest.fixture
def asked(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """What a server inside the cluster's network was asked for."""
    log = tmp_path / "asked.log"
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        str(PORT),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(tmp_path),
    ]
    with log.open("w") as file:
        server = subprocess.Popen(
            cluster.inside(command), env=cluster.inner_environment(), stdout=file, stderr=subprocess.STDOUT
        )
        try:
            wait_for(lambda: "Serving" in log.read_text(), "the server listens")
            yield log
        finally:
            server.terminate()
            server.wait(10)


def test_the_load_of_a_release_is_made_when_flagger_asks_for_it(
    cluster: Cluster, project: Project, asked: Path
) -> None:
    api, loaded = cluster.api, project.load()
    make_namespace(api, "load-tester", dict(load_tester.PIECE.namespaces(loaded.spec)["load-tester"]))
    objects = [item for stage in load_tester.stages(loaded.spec) for item in stage]
    refused = [said for item in objects if (said := dry_run_whole(api, item))]
    assert not refused, "\n".join(refused)
    apply_all(api, objects)
    path = path_of("apps/v1/deployments", "load-tester", "load-tester")
    wait_for(lambda: api.get(path).get("status", {}).get("readyReplicas") == 1, "the load tester is ready")

    [compiled] = project.compile()
    [hook] = only(compiled.manifests, "Canary")["spec"]["analysis"]["webhooks"]
    address = api.get(path_of("v1/services", "load-tester", "load-tester"))["spec"]["clusterIP"]
    # What Flagger sends. Source: its pkg/controller/webhook.go.
    sent: Object = {"name": "shop", "namespace": "shop", "phase": "Progressing", "metadata": hook["metadata"]}
    command = [sys.executable, "-c", ASK, f"http://{address}/", json.dumps(sent)]
    ran = subprocess.run(
        cluster.inside(command), env=cluster.inner_environment(), capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip() == "202", f"Flagger would take this for a failed check: {ran.stdout} {ran.stderr}"
    wait_for(lambda: "GET /load" in asked.read_text(), "the command of the load test runs")
