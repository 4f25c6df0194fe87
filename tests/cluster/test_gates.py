"""Gates on the real controller of Argo Rollouts: one that waits is asked until it agrees, another aborts at a no."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localcluster.api import Api, Object, path_of
from tests.clusters import fresh_cluster
from tests.specs import changed, compiled_app, example_app, only

from . import apps, small_platform
from .objects import apply_all, wait_for

PORT = 18_080
SPACE = APP = "shop"
ROLLOUT = path_of("argoproj.io/v1alpha1/rollouts", SPACE, APP)
RUNS = path_of("argoproj.io/v1alpha1/analysisruns", SPACE)


class Gated:
    """A cluster with a Rollout that has gates, and the answers that they give."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api, self.folder = api, folder

    def answer(self, gate: str, status: int) -> None:
        (self.folder / gate).write_text(str(status), encoding="utf-8")

    def release(self, version: str) -> None:
        labels = {"app.kubernetes.io/version": version}
        self.api.patch(ROLLOUT, {"spec": {"template": {"metadata": {"labels": labels}}}})

    @property
    def rollout(self) -> Object:
        return self.api.get(ROLLOUT)

    @property
    def status(self) -> Any:
        rollout = self.rollout
        seen = rollout.get("status", {})
        return seen if seen.get("observedGeneration") == str(rollout["metadata"]["generation"]) else {}

    def errors(self) -> int:
        """How often the gate of the newest version was no yes."""
        wanted = self.status.get("currentPodHash", "")
        runs = self.api.items(RUNS, labelSelector=f"rollouts-pod-template-hash={wanted}")
        found = [one for run in runs for one in run.get("status", {}).get("metricResults", [])]
        return sum(one.get("error", 0) for one in found)

    def done(self) -> bool:
        status = self.status
        return status.get("phase") == "Healthy" and status["currentPodHash"] == status["stableRS"]


@pytest.fixture(scope="module")
def gated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gated]:
    folder = tmp_path_factory.mktemp("answers")
    with fresh_cluster(request, "gates") as cluster:
        made = Gated(cluster.api, folder)
        for gate in ("start", "smoke"):
            made.answer(gate, 200)
        command = [sys.executable, str(Path(__file__).with_name("gatekeeper.py")), str(PORT), str(folder)]
        keeper = subprocess.Popen(cluster.inside(command), env=cluster.inner_environment())
        try:
            apply_all(made.api, (*small_platform.rollouts(), small_platform.namespace(SPACE), *objects(folder)))
            wait_for(made.done, "the first version is deployed")
            yield made
        finally:
            keeper.terminate()
            keeper.wait(10)


def objects(folder: Path) -> list[Object]:
    """What the compiler makes of the gates, in a Rollout that needs no router."""
    gates = [
        {"name": "start", "when": "confirm", "url": f"http://127.0.0.1:{PORT}/start"},
        {"name": "smoke", "when": "pre", "url": f"http://127.0.0.1:{PORT}/smoke"},
    ]
    made = compiled_app(folder / "project", changed(example_app(), "delivery", "gates", to=gates)).manifests
    templates = [one for one in made if one["kind"] == "AnalysisTemplate" and one["metadata"]["name"] != APP]
    rollout = only(made, "Rollout")
    steps = rollout["spec"]["strategy"]["canary"]["steps"]
    asked = [step for step in steps if "setWeight" in step or _asks(step, templates)]
    labels = rollout["spec"]["selector"]["matchLabels"]
    container = {"name": APP, "image": apps.IMAGE, "ports": [{"name": "http", "containerPort": 8080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {**rollout["spec"], "replicas": 2, "template": template, "strategy": {"canary": {"steps": asked}}}
    return [*templates, {**rollout, "spec": {**spec, "minReadySeconds": 0, "progressDeadlineSeconds": 5}}]


def _asks(step: Object, templates: list[Object]) -> bool:
    names = {one["metadata"]["name"] for one in templates}
    return any(one["templateName"] in names for one in step.get("analysis", {}).get("templates", []))


def test_a_release_waits_beyond_its_deadline_until_the_gate_agrees(gated: Gated) -> None:
    gated.answer("start", 503)
    gated.release("2.0.0")
    wait_for(lambda: gated.errors() >= 2, "the gate said no twice")
    status = gated.status
    assert (status.get("currentStepIndex"), status.get("abort", False)) == (0, False), status
    gated.answer("start", 200)
    wait_for(gated.done, "the release goes on once the gate agrees")


def test_a_gate_that_does_not_wait_takes_the_release_back_at_a_no(gated: Gated) -> None:
    gated.answer("smoke", 500)
    gated.release("3.0.0")
    wait_for(lambda: gated.status.get("abort"), "the release was aborted")
    assert gated.status["stableRS"] != gated.status["currentPodHash"]
