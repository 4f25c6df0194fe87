"""The platform on a real API server: it gets ready, stays as it is, and every manifest is valid to the letter."""

import json
import time
import urllib.request
from typing import Any

import pytest

from localcluster.api import Api, ApiError, path_of
from tests.contract.platform_stacks import STACKS, everything

from .installed_platform import CRDS, Installed
from .kept import altered
from .objects import apply_all

POD = {"apiVersion": "v1", "kind": "Pod"}
STRICT = {"dryRun": "All", "fieldValidation": "Strict"}

Object = dict[str, Any]


@pytest.fixture
def installed(with_platform: Installed) -> Installed:
    """The name that these tests have for it."""
    return with_platform


def test_definitions_that_an_earlier_stack_left_are_taken_over(installed: Installed) -> None:
    assert installed.first_up.code == 0, installed.first_up.errors
    for name in ("rollouts.argoproj.io", "canaries.flagger.app"):
        assert name in installed.definitions_before, f"destroy must leave the CRD {name}: objects go with it"
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
        "flagger",
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
    refreshed = installed.pulumi.run("preview", "--refresh", "--expect-no-changes", config=installed.config)
    assert refreshed.code == 0, f"what controllers write shows as a change:\n{refreshed.text[-3000:]}"


@pytest.mark.parametrize("name", STACKS)
def test_the_api_server_accepts_every_manifest_and_keeps_it_to_the_letter(installed: Installed, name: str) -> None:
    objects = everything(name)
    paths = Paths(installed.api)
    definitions = [item for item in objects if item["kind"] == "CustomResourceDefinition"]
    refused = [said for item in definitions if (said := refusal(installed.api, paths, item))]
    assert not refused, "\n".join(refused)
    # Those of other stacks, which the dry run of their objects needs.
    apply_all(installed.api, [item for item in definitions if not is_there(installed.api, item)])
    for item in objects:
        if item["kind"] == "Namespace":
            create_if_missing(installed.api, item)
    refused = []
    for item in objects:
        said = refusal(installed.api, paths, item)
        if said:
            refused.append(said)
        elif item["kind"] == "CustomResourceDefinition":
            define_if_missing(installed.api, item)
    assert not refused, "\n".join(refused)


def test_what_the_api_server_does_not_keep_would_be_found(installed: Installed) -> None:
    """The control: an empty variable and empty annotations, as upstream charts have them."""
    container = {"name": "a", "image": "a:1", "env": [{"name": "EMPTY", "value": ""}]}
    metadata = {"name": "trial", "namespace": "default", "annotations": {}}
    said = refusal(
        installed.api, Paths(installed.api), {**POD, "metadata": metadata, "spec": {"containers": [container]}}
    )
    assert said == (
        "Pod/trial: ['metadata.annotations', 'spec.containers[0].env[0].value'] would show as changed ever after"
    )


def is_there(api: Api, definition: Object) -> bool:
    """Whether the kind is defined."""
    return api.find(f"{CRDS}/{definition['metadata']['name']}") is not None


def create_if_missing(api: Api, namespace: Object) -> None:
    """The namespaces of other stacks, which the dry run of their objects needs."""
    if api.find(path_of("v1/namespaces", "", namespace["metadata"]["name"])) is None:
        api.create(path_of("v1/namespaces"), namespace)


def define_if_missing(api: Api, definition: Object) -> None:
    """The kinds of other stacks, which the dry run of their objects needs."""
    if api.find(f"{CRDS}/{definition['metadata']['name']}") is None:
        apply_all(api, [definition])


def refusal(api: Api, paths: "Paths", item: Object) -> str | None:
    """Why the API server refuses an object, or what it leaves out; one that exists already has passed all before."""
    try:
        kept = api.request("POST", paths.of(item), item, query=STRICT)
    except ApiError as error:
        return None if error.reason == "AlreadyExists" else f"{item['kind']}/{item['metadata']['name']}: {error}"
    lost = altered(item, kept)
    return f"{item['kind']}/{item['metadata']['name']}: {lost} would show as changed ever after" if lost else None


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
        if item["kind"] in ("DaemonSet", "Deployment", "Rollout", "StatefulSet"):
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
