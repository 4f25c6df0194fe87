"""The platform on a real API server: it gets ready, stays as it is, and every manifest is valid to the letter."""

import json
import os
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster import stack
from localcluster.api import Api, ApiError, path_of
from localcluster.cluster import Cluster
from tests.clusters import fresh_cluster
from tests.contract.platform_stacks import STACKS, everything

from .crashes.gate import Gate, Stop
from .crashes.runs import Run
from .crashes.stacks import Key, owned
from .pulumi_runs import ROOT, Pulumi, Ran

POD = {"apiVersion": "v1", "kind": "Pod"}
STRICT = {"dryRun": "All", "fieldValidation": "Strict"}
CRDS = path_of("apiextensions.k8s.io/v1/customresourcedefinitions")

Object = dict[str, Any]


@dataclass(frozen=True)
class Installed:
    """A cluster with the platform of the stack `local`, in place of one that was killed, made whole and destroyed."""

    cluster: Cluster
    pulumi: Pulumi
    definitions_before: dict[str, str]
    """Name and uid of the CRDs that the destroyed stack left."""
    left: set[Key]
    """Everything that the destroyed stack left."""
    first_up: Ran

    @property
    def api(self) -> Api:
        return self.cluster.api


@pytest.fixture(scope="module")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A cluster of its own: the session's must stay without a platform."""
    with fresh_cluster(request, "platform") as cluster:
        pulumi = Pulumi(cluster.environment())
        stack.ensure(cluster.state)
        folder = tmp_path_factory.mktemp("config")
        engine_only = without_mesh_and_apps(folder)
        gate = Gate(cluster.kubeconfig, folder)
        gated = Pulumi({**cluster.environment(), "KUBECONFIG": str(gate.kubeconfig)})
        # CRDs, and then the controller's permissions, were made and nobody was told.
        for number in (3, 8):
            kill_at(gated, gate, "up", engine_only, number)
        gated.succeed("up", "--yes", "--skip-preview", config=engine_only)
        kill_at(gated, gate, "destroy", engine_only, 4)
        gated.succeed("destroy", "--yes", "--skip-preview", config=engine_only)
        gate.close()
        before = {item["metadata"]["name"]: item["metadata"]["uid"] for item in cluster.api.items(CRDS)}
        left = set(owned(cluster.api, "coalmine.local"))
        yield Installed(cluster, pulumi, before, left, pulumi.run("up", "--yes", "--skip-preview"))


def kill_at(pulumi: Pulumi, gate: Gate, verb: str, config: Path, number: int) -> None:
    """Kills a run when one of its writes is done and not yet in the state, and takes its lock away."""
    command = ["pulumi", verb, "--yes", "--skip-preview", "--config-file", str(config), "--stack", pulumi.stack]
    run = Run(command, ROOT, {**os.environ, **pulumi.environment})
    gate.set(Stop(number, done=True), run.kill)
    ended = run.end()
    assert ended.code == -9, f"{verb} was not killed:\n{ended.text[-3000:]}"
    pulumi.succeed("cancel", "--yes")


def without_mesh_and_apps(folder: Path) -> Path:
    """The configuration of the stack `local` with Argo Rollouts alone."""
    config = local_config()
    config["coalmine:platform"] |= {"istio": {"install": False}, "prometheus": {"install": False}}
    return written({**config, "coalmine:apps": [], "coalmine:overrides": {}}, folder / "engine-only.yaml")


def slow_canary(path: Path, timeout: str) -> Path:
    """The stack `local` with a new version of its app, which stays at its first weight for minutes."""
    config = local_config()
    shop = config["coalmine:overrides"]["shop"]
    shop["workload"]["image"] = "ghcr.io/coalmine-demo/shop:1.1.0"
    shop["traffic"] = {"timeout": timeout}
    shop["delivery"] |= {"steps": [{"weight": 5, "hold": "10m"}], "rollback": {"deadline": "20m"}}
    shop["delivery"]["analysis"] |= {"interval": "10m"}
    return written(config, path)


def local_config() -> dict[str, Any]:
    """The keys of the stack `local`."""
    settings = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8"))
    config: dict[str, Any] = settings["config"]
    return config


def written(config: dict[str, Any], path: Path) -> Path:
    """A file of configuration keys with the salt of the stack `local`."""
    settings = yaml.safe_load((ROOT / "stacks/Pulumi.local.yaml").read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**settings, "config": config}), encoding="utf-8")
    return path


def test_definitions_that_an_earlier_stack_left_are_taken_over(installed: Installed) -> None:
    assert installed.first_up.code == 0, installed.first_up.errors
    assert "rollouts.argoproj.io" in installed.definitions_before, "destroy must leave the CRDs: objects go with them"
    after = {item["metadata"]["name"]: item for item in installed.api.items(CRDS)}
    for name, uid in installed.definitions_before.items():
        assert after[name]["metadata"]["uid"] == uid, f"{name} was deleted and made anew"
        assert after[name]["metadata"]["labels"]["coalmine.dev/stack"] == "coalmine.local"


def test_a_destroy_leaves_the_definitions_and_nothing_else(installed: Installed) -> None:
    assert {name for _, _, name in installed.left} == set(installed.definitions_before)
    assert {kind for kind, _, _ in installed.left} == {"CustomResourceDefinition"}


def test_every_controller_gets_ready(installed: Installed) -> None:
    deployments = installed.api.items("/apis/apps/v1/deployments")
    assert {item["metadata"]["name"] for item in deployments} == {
        "argo-rollouts",
        "istio-ingressgateway",
        "istiod",
        "prometheus",
    }
    for item in deployments:
        wanted, ready = item["spec"]["replicas"], item["status"].get("readyReplicas", 0)
        assert ready == wanted, f"{item['metadata']['name']}: {ready} of {wanted} pods are ready"


def test_the_app_is_released_and_its_pods_are_scraped(installed: Installed) -> None:
    pods = {item["metadata"]["name"] for item in installed.api.items(path_of("v1/pods", "shop"))}
    assert len(pods) == 4, f"the app has the pods {sorted(pods)}"
    deadline = time.monotonic() + 30
    while (scraped := scraped_pods(installed, "apps")) != pods:
        assert time.monotonic() < deadline, f"after 30 s Prometheus scrapes {sorted(scraped)}, not {sorted(pods)}"
        time.sleep(0.5)


def scraped_pods(installed: Installed, job: str) -> set[str]:
    """The pods that Prometheus reaches in one of its jobs."""
    address = f"http://127.0.0.1:{installed.cluster.port('prometheus')}/api/v1/targets?state=active"
    with urllib.request.urlopen(address, timeout=10) as answer:
        targets = json.load(answer)["data"]["activeTargets"]
    return {one["labels"]["pod"] for one in targets if one["labels"]["job"] == job and one["health"] == "up"}


def test_an_unchanged_stack_has_nothing_to_do(installed: Installed) -> None:
    refreshed = installed.pulumi.run("preview", "--refresh", "--expect-no-changes")
    assert refreshed.code == 0, f"what controllers write shows as a change:\n{refreshed.text[-3000:]}"


@pytest.mark.parametrize("name", STACKS)
def test_the_api_server_accepts_every_manifest_to_the_letter(installed: Installed, name: str) -> None:
    objects = everything(name)
    paths = Paths(installed.api)
    for item in objects:
        if item["kind"] == "Namespace":
            create_if_missing(installed.api, item)
    refused = [said for item in objects if (said := refusal(installed.api, paths, item))]
    assert not refused, "\n".join(refused)


def create_if_missing(api: Api, namespace: Object) -> None:
    """The namespaces of other stacks, which the dry run of their objects needs."""
    if api.find(path_of("v1/namespaces", "", namespace["metadata"]["name"])) is None:
        api.create(path_of("v1/namespaces"), namespace)


def refusal(api: Api, paths: "Paths", item: Object) -> str | None:
    """Why the API server refuses an object; one that exists already has passed everything before."""
    try:
        api.request("POST", paths.of(item), item, query=STRICT)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            return f"{item['kind']}/{item['metadata']['name']}: {error}"
    return None


class Paths:
    """The collections of kinds, as the API server's discovery names them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._plurals: dict[tuple[str, str], tuple[str, bool]] = {}

    def of(self, item: Object) -> str:
        """The path that an object is posted to."""
        group_version, kind = item["apiVersion"], item["kind"]
        if (group_version, kind) not in self._plurals:
            root = f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"
            for one in self._api.get(root)["resources"]:
                if "/" not in one["name"]:
                    self._plurals[group_version, one["kind"]] = (one["name"], one["namespaced"])
        plural, namespaced = self._plurals[group_version, kind]
        return path_of(f"{group_version}/{plural}", item["metadata"]["namespace"] if namespaced else "")


@pytest.mark.parametrize("name", STACKS)
def test_every_pod_is_within_the_pod_security_standard_of_its_namespace(installed: Installed, name: str) -> None:
    """The standard is enforced on pods alone: a Deployment beyond it would be accepted and never get one."""
    refused = []
    levels = {
        item["metadata"]["name"]: item["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        for item in everything(name)
        if item["kind"] == "Namespace"
    }
    for item in everything(name):
        template = item.get("spec", {}).get("template")
        if item["kind"] in ("DaemonSet", "Deployment", "Rollout"):
            trial = trial_namespace(installed.api, levels[item["metadata"]["namespace"]])
            # The accounts of other stacks are not here, and the standard does not ask for them.
            spec = {**template["spec"], "serviceAccountName": "default"}
            metadata = {**template["metadata"], "name": "trial"}
            said = refusal_of_pod(installed.api, {**POD, "metadata": metadata, "spec": spec}, trial)
            refused += [f"{item['kind']} {item['metadata']['name']}: {said}"] if said else []
    assert not refused, "\n".join(refused)


def trial_namespace(api: Api, level: str) -> str:
    """A namespace that enforces a standard, with the account that its pods need."""
    name = f"trial-{level}"
    labels = {"pod-security.kubernetes.io/enforce": level}
    create_if_missing(api, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    deadline = time.monotonic() + 30
    while api.find(path_of("v1/serviceaccounts", name, "default")) is None:
        assert time.monotonic() < deadline, f"namespace {name} gets no default account within 30 s"
        time.sleep(0.1)
    return name


def refusal_of_pod(api: Api, pod: Object, namespace: str) -> str | None:
    """Why admission refuses a pod."""
    try:
        api.request("POST", path_of("v1/pods", namespace), pod, query={"dryRun": "All"})
    except ApiError as error:
        return str(error)
    return None


def test_a_route_can_be_changed_in_the_middle_of_a_canary(installed: Installed, tmp_path: Path) -> None:
    routes = path_of("networking.istio.io/v1/virtualservices", "shop")
    installed.pulumi.succeed("up", "--yes", "--skip-preview", config=slow_canary(tmp_path / "one.yaml", "10s"))
    deadline = time.monotonic() + 60
    while (weights := canary_weights(installed.api)) != [95, 5]:
        assert time.monotonic() < deadline, f"after 60 s the weights of stable and canary are {weights}"
        time.sleep(0.2)
    changed = installed.pulumi.succeed("up", "--yes", "--skip-preview", config=slow_canary(tmp_path / "two.yaml", "7s"))
    assert "1 updated" in changed.text, f"more than the route was changed:\n{changed.text[-3000:]}"
    assert installed.api.get(f"{routes}/shop")["spec"]["http"][0]["timeout"] == "7s"
    assert canary_weights(installed.api) == [95, 5], "the change of a timeout moved the weights"


def test_an_app_that_the_state_has_lost_is_taken_over_in_the_middle_of_its_release(
    installed: Installed, tmp_path: Path
) -> None:
    """Controllers have taken over its selectors and weights: they keep them, and the traffic does not move."""
    config = slow_canary(tmp_path / "two.yaml", "7s")
    installed.pulumi.succeed("up", "--yes", "--skip-preview", config=config)
    before = objects_of_the_app(installed.api)
    urn = "urn:pulumi:local::coalmine::coalmine:index:App::shop"
    installed.pulumi.succeed("state delete", urn, "--target-dependents", "--yes")
    again = installed.pulumi.succeed("up", "--yes", "--skip-preview", config=config)
    taken_over = {line.strip() for line in again.text.splitlines() if line.endswith("it is taken over")}
    missing = [key for key in before if not any(f"{key[0]} shop/{key[2]} exists" in line for line in taken_over)]
    assert not missing, f"not taken over: {missing}\n{again.text[-3000:]}"
    assert objects_of_the_app(installed.api) == before
    unchanged = installed.pulumi.run("preview", "--refresh", "--expect-no-changes", config=config)
    assert unchanged.code == 0, unchanged.text[-3000:]


def objects_of_the_app(api: Api) -> dict[Key, tuple[str, Any]]:
    """The uid of each of an app's objects, and what controllers own in it."""
    found = {key: item for key, item in owned(api, "coalmine.local").items() if key[1] == "shop"}
    return {
        key: (item["metadata"]["uid"], item.get("spec", {}).get("selector") or item.get("spec", {}).get("http"))
        for key, item in found.items()
    }


def canary_weights(api: Api) -> list[int]:
    """The shares of stable and canary, in percent."""
    route = api.get(path_of("networking.istio.io/v1/virtualservices", "shop", "shop-split"))["spec"]["http"][0]
    return [destination.get("weight", 0) for destination in route["route"]]
