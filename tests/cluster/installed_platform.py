"""A cluster with this repository's platform in it, as the stack `local` says, and that stack's configuration."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import stack
from localcluster.api import Api, path_of
from localcluster.cluster import Cluster
from tests.clusters import fresh_cluster

from .crashes.gate import Gate, Stop
from .crashes.runs import Run
from .crashes.stacks import Key, owned
from .pulumi_runs import ROOT, SAVED_ALWAYS, Pulumi, Ran

CRDS = path_of("apiextensions.k8s.io/v1/customresourcedefinitions")


@dataclass(frozen=True)
class Installed:
    """A cluster with the platform of the stack `local` and both engines, where one was killed, mended and destroyed."""

    cluster: Cluster
    pulumi: Pulumi
    config: Path
    definitions_before: dict[str, str]
    """Name and uid of the CRDs that the destroyed stack left."""
    left: set[Key]
    """Everything that the destroyed stack left."""
    first_up: Ran

    @property
    def api(self) -> Api:
        return self.cluster.api


@contextmanager
def platform(request: pytest.FixtureRequest, folder: Path) -> Iterator[Installed]:
    """Installs it in a cluster of its own: the session's must stay without a platform."""
    with fresh_cluster(request, "platform") as cluster:
        pulumi = Pulumi(cluster.environment())
        stack.ensure(cluster.state)
        engine_only, whole = without_mesh_and_apps(folder), written(local_config(), folder / "whole.yaml")
        gate = Gate(cluster.kubeconfig, folder)
        gated = Pulumi({**cluster.environment(), **SAVED_ALWAYS, "KUBECONFIG": str(gate.kubeconfig)})
        # CRDs, and then a controller's permissions, were made and nobody was told.
        for number in (3, 8):
            kill_at(gated, gate, "up", engine_only, number)
        gated.succeed("up", "--yes", "--skip-preview", config=engine_only)
        kill_at(gated, gate, "destroy", engine_only, 4)
        gated.succeed("destroy", "--yes", "--skip-preview", config=engine_only)
        gate.close()
        before = {item["metadata"]["name"]: item["metadata"]["uid"] for item in cluster.api.items(CRDS)}
        left = set(owned(cluster.api, "coalmine.local"))
        first_up = pulumi.run("up", "--yes", "--skip-preview", config=whole)
        yield Installed(cluster, pulumi, whole, before, left, first_up)


def kill_at(pulumi: Pulumi, gate: Gate, verb: str, config: Path, number: int) -> None:
    """Kills a run when one of its writes is done and not yet in the state, and takes its lock away."""
    command = ["pulumi", verb, "--yes", "--skip-preview", "--config-file", str(config), "--stack", pulumi.stack]
    run = Run(command, ROOT, {**os.environ, **pulumi.environment})
    gate.set(Stop(number, done=True), run.kill)
    ended = run.end()
    assert ended.code == -9, f"{verb} was not killed:\n{ended.text[-3000:]}"
    pulumi.succeed("cancel", "--yes")


def without_mesh_and_apps(folder: Path) -> Path:
    """The configuration of the stack `local` with the engines alone."""
    config = local_config()
    config["coalmine:platform"] |= {"istio": {"install": False}, "prometheus": {"install": False}}
    return written({**config, "coalmine:apps": [], "coalmine:overrides": {}}, folder / "engine-only.yaml")


def local_config() -> dict[str, Any]:
    """The keys of the stack `local`, with the other engine beside its own."""
    settings = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8"))
    config: dict[str, Any] = settings["config"]
    config["coalmine:delivery"]["other_engines"] = ["flagger"]
    config["coalmine:platform"]["flagger"] = {"replicas": 1}
    return config


def written(config: dict[str, Any], path: Path) -> Path:
    """A file of configuration keys with the salt of the stack `local`."""
    settings = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**settings, "config": config}), encoding="utf-8")
    return path
