"""The rules about pods agree with the real admission: admitted at the computed standard, refused below it."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from components.platform.pod_standard import LEVELS, level
from localcluster.api import Api, ApiError, path_of
from localcluster.cluster import Cluster
from tests.contract.pods_by_standard import PODS


@pytest.fixture(scope="module")
def spaces(cluster: Cluster) -> Mapping[str, str]:
    """One namespace for each standard."""
    made = {standard: f"pod-standard-{standard}" for standard in LEVELS}
    for standard, name in made.items():
        labels = {"pod-security.kubernetes.io/enforce": standard}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        cluster.api.create(path_of("v1/namespaces"), body)
    for name in made.values():
        deadline = time.monotonic() + 30
        while cluster.api.find(path_of("v1/serviceaccounts", name, "default")) is None:
            assert time.monotonic() < deadline, f"namespace {name} gets no default account within 30 s"
            time.sleep(0.1)
    return made


@pytest.mark.parametrize("name", PODS)
def test_admission_agrees(cluster: Cluster, spaces: Mapping[str, str], name: str) -> None:
    pod = PODS[name][1]
    computed = LEVELS.index(level(pod))
    verdicts = {standard: refusal(cluster.api, pod, spaces[standard]) for standard in LEVELS}
    for index, standard in enumerate(LEVELS):
        expected = index >= computed
        assert (verdicts[standard] is None) == expected, f"{standard}: {verdicts[standard] or 'admitted'}"


def refusal(api: Api, pod: dict[str, Any], namespace: str) -> str | None:
    """Why admission refuses a pod."""
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial"}, "spec": pod}
    try:
        api.request("POST", path_of("v1/pods", namespace), body, query={"dryRun": "All"})
    except ApiError as error:
        if "PodSecurity" not in str(error):
            raise
        return str(error)
    return None
