"""When the kubernetes provider takes an object as ready (§9), and when it creates again (§3)."""

import threading
from typing import Any

import pytest

from localcluster.plugins.kubernetes_provider.awaits import (
    custom_resource_definition,
    daemon_set,
    deployment,
    ingress,
    job,
    persistent_volume_claim,
    pod,
    service,
    stateful_set,
    wait_for,
)
from localcluster.plugins.kubernetes_provider.awaits.jsonpath import find
from localcluster.plugins.kubernetes_provider.awaits.wait import readiness
from localcluster.plugins.kubernetes_provider.client import ApiError, Client
from localcluster.plugins.kubernetes_provider.cluster import Cluster
from localcluster.plugins.kubernetes_provider.create import create
from localcluster.plugins.kubernetes_provider.kinds import Gvk
from localcluster.plugins.kubernetes_provider.kubeconfig import Connection
from localcluster.plugins.kubernetes_provider.mapping import NoMatchError
from localcluster.plugins.kubernetes_provider.settings import Settings
from localcluster.plugins.wire.errors import PluginError, UnsupportedError
from localcluster.plugins.wire.log import EngineLog
from localcluster.plugins.wire.values import Object


class _Looks:
    """A cluster with the given objects."""

    def __init__(self, *listed: Object, found: Object | None = None, served: bool = True) -> None:
        self.listed = list(listed)
        self.found = found
        self.served = served

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        if self.found is None:
            raise ApiError(404, "NotFound", "not found")
        return self.found

    def list(self, gvk: Gvk, namespace: str, selector: str) -> list[Object]:
        return self.listed

    def serves(self, gvk: Gvk) -> bool:
        return self.served


def _object(spec: Object, status: Object | None = None) -> Object:
    return {"metadata": {"name": "a", "namespace": "n", "generation": 2}, "spec": spec, "status": status or {}}


def _conditions(**statuses: str) -> list[Object]:
    return [{"type": name, "status": status, "reason": "Why", "message": "so"} for name, status in statuses.items()]


_ROLLED_OUT = [
    {"type": "Available", "status": "True"},
    {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
]
_DONE = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("spec", "status", "ready"),
    [
        ({"replicas": 2}, {**_DONE, "conditions": _ROLLED_OUT}, True),
        ({"replicas": 0}, {"observedGeneration": 2, "conditions": _ROLLED_OUT}, True),
        ({"replicas": 2, "paused": True}, {}, True),
        ({"replicas": 2}, {**_DONE, "observedGeneration": 1, "conditions": _ROLLED_OUT}, False),
        ({"replicas": 2}, {**_DONE, "availableReplicas": 1, "conditions": _ROLLED_OUT}, False),
        ({"replicas": 2}, {**_DONE, "replicas": 3, "conditions": _ROLLED_OUT}, False),
        ({"replicas": 2}, {**_DONE, "conditions": _ROLLED_OUT[:1]}, False),
        ({}, {}, False),
    ],
)
def test_s9_a_deployment_is_ready_when_its_rollout_is_complete(spec: Object, status: Object, ready: bool) -> None:
    assert deployment.status(_object(spec, status), 0, _Looks()).ready == ready


def test_s9_a_deployment_s_complaints_are_its_conditions() -> None:
    status = deployment.status(_object({}, {"conditions": _conditions(Available="False")}), 0, _Looks())
    assert status.details == ("[Why] so",)


@pytest.mark.conformance("await-service")
@pytest.mark.parametrize(
    ("spec", "elapsed", "looks", "ready"),
    [
        ({"selector": {"a": "b"}}, 0, _Looks(), False),
        ({"selector": {"a": "b"}}, 10, _Looks(), True),
        ({"selector": {"a": "b"}}, 0, _Looks({"endpoints": [{"conditions": {"ready": True}}]}), True),
        ({"selector": {"a": "b"}}, 0, _Looks({"endpoints": [{"conditions": {"ready": False}}]}), False),
        ({"selector": {"a": "b"}, "clusterIP": "None"}, 0, _Looks(), True),
        ({}, 0, _Looks(), True),
        ({"type": "ExternalName", "externalName": "x"}, 0, _Looks(), True),
        ({"type": "LoadBalancer", "selector": {"a": "b"}}, 60, _Looks(), False),
    ],
)
def test_s9_services(spec: Object, elapsed: float, looks: _Looks, ready: bool) -> None:
    assert service.status(_object(spec), elapsed, looks).ready == ready


_ADDRESS = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
_WAITS = {"volumeBindingMode": "WaitForFirstConsumer"}


@pytest.mark.conformance("beyond-await")
@pytest.mark.parametrize(
    ("module", "live", "looks", "ready"),
    [
        (service, _object({"type": "LoadBalancer"}, _ADDRESS), _Looks(), True),
        (ingress, _object({}, _ADDRESS), _Looks(), True),
        (ingress, _object({}), _Looks(), False),
        (persistent_volume_claim, _object({}, {"phase": "Bound"}), _Looks(), True),
        (persistent_volume_claim, _object({}, {"phase": "Pending"}), _Looks(), False),
        (persistent_volume_claim, _object({"storageClassName": "c"}), _Looks(found=_WAITS), True),
        (persistent_volume_claim, _object({"storageClassName": "c"}), _Looks(), False),
        (pod, _object({}, {"phase": "Succeeded"}), _Looks(), True),
        (pod, _object({}, {"phase": "Running", "conditions": _conditions(Ready="True")}), _Looks(), True),
        (pod, _object({}, {"phase": "Running", "conditions": _conditions(Ready="False")}), _Looks(), False),
        (job, _object({}, {"conditions": _conditions(Complete="True")}), _Looks(), True),
        (job, _object({}), _Looks(), False),
        (stateful_set, _object({"replicas": 1}, {"observedGeneration": 2, "readyReplicas": 1}), _Looks(), True),
        (stateful_set, _object({"replicas": 1}, {"observedGeneration": 2}), _Looks(), False),
        (daemon_set, _object({}, {"observedGeneration": 2}), _Looks(), True),
        (daemon_set, _object({}, {"observedGeneration": 2, "desiredNumberScheduled": 1}), _Looks(), False),
    ],
)
def test_s9_other_kinds(module: Any, live: Object, looks: _Looks, ready: bool) -> None:
    assert module.status(live, 0, looks).ready == ready


@pytest.mark.conformance("beyond-await")
def test_s9_a_crd_is_ready_when_it_is_served() -> None:
    spec = {"group": "x.dev", "names": {"kind": "Thing"}, "versions": [{"name": "v1", "served": True}]}
    live = _object(spec, {"conditions": _conditions(Established="True")})
    assert custom_resource_definition.status(live, 0, _Looks(served=True)).ready
    assert not custom_resource_definition.status(live, 0, _Looks(served=False)).ready
    assert not custom_resource_definition.status(_object(spec), 0, _Looks(served=True)).ready


@pytest.mark.conformance("await-wait-for")
@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("jsonpath={.status.phase}=Running", True),
        ("jsonpath={.status.phase}=Stopped", False),
        ("jsonpath={.status.phase}", True),
        ("jsonpath={.status.other}", False),
        ("jsonpath={.status.ready}=true", True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', True),
        ("condition=Ready", True),
        ("condition=ready=True", True),
        ("condition=Ready=False", False),
        ('["condition=Ready", "jsonpath={.status.phase}=Running"]', True),
        ('["condition=Ready", "condition=Other"]', False),
    ],
)
def test_s9_wait_for(text: str, ready: bool) -> None:
    live = _object({}, {"phase": "Running", "ready": True, "conditions": _conditions(Ready="True")})
    assert wait_for.rule(text)(live, 0, _Looks()).ready == ready


@pytest.mark.parametrize("text", ["jsonpath=.status", "[1]", "[x", "event=Created", "jsonpath={.a[?(@.b>1)]}=1"])
def test_s9_a_wait_for_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(PluginError, match=r"waitFor|JSONPath"):
        wait_for.rule(text)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{.a.b}", [1]),
        ("$.a['c.d']", [2]),
        ("{.l[0].n}", ["x"]),
        ("{.l[-1].n}", ["y"]),
        ("{.l[*].n}", ["x", "y"]),
        ("{.l[5].n}", []),
        ('{.l[?(@.n=="y")].v}', [3]),
        (r"{.a.c\.d}", [2]),
    ],
)
def test_jsonpath(expression: str, expected: list[Any]) -> None:
    obj = {"a": {"b": 1, "c.d": 2}, "l": [{"n": "x"}, {"n": "y", "v": 3}]}
    assert find(obj, expression) == expected


@pytest.mark.conformance("other-json-path")
def test_jsonpath_beyond_the_known_forms_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"the JSONPath expression '\{..a\}'"):
        find({}, "{..a}")


@pytest.mark.conformance("await-limits", "await-custom", "await-skip")
@pytest.mark.parametrize(
    ("kind", "annotations", "seconds"),
    [
        ("apps/v1/Deployment", {}, 600),
        ("v1/Service", {}, 600),
        ("networking.k8s.io/v1/Ingress", {}, 600),
        ("v1/PersistentVolumeClaim", {}, 300),
        ("x.dev/v1/Thing", {}, None),
        ("v1/ConfigMap", {}, None),
        ("x.dev/v1/Thing", {"pulumi.com/waitFor": "condition=Ready"}, 600),
        ("apps/v1/Deployment", {"pulumi.com/skipAwait": "true"}, None),
    ],
)
def test_s9_what_is_awaited_and_how_long(kind: str, annotations: dict[str, str], seconds: float | None) -> None:
    api_version, _, name = kind.rpartition("/")
    found = readiness({"apiVersion": api_version, "kind": name, "metadata": {"annotations": annotations}})
    assert (found.default_seconds if found else None) == seconds


def test_s9_a_faulty_timeout_is_refused() -> None:
    annotations = {"pulumi.com/timeoutSeconds": "5 minutes"}
    with pytest.raises(PluginError, match=r"timeoutSeconds: '5 minutes' is not a number"):
        readiness({"apiVersion": "v1", "kind": "Service", "metadata": {"annotations": annotations}})


class _Clock(threading.Event):
    """A stop signal whose waits take no time and are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return False


class _Refusing(Cluster):
    """A cluster that answers every create with the error."""

    def __init__(self, error: PluginError) -> None:
        super().__init__(Settings())
        self.error = error
        self.posts = 0

    def client(self) -> Client:
        return Client(Connection("http://127.0.0.1:1"))

    def post(self, obj: Object, query: dict[str, str]) -> Object:
        self.posts += 1
        raise self.error


_CONFIG_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}}


@pytest.mark.conformance("create-late-namespace")
def test_s3_a_missing_namespace_is_retried_for_62_seconds() -> None:
    clock, cluster = _Clock(), _Refusing(ApiError(404, "NotFound", 'namespaces "n" not found'))
    with pytest.raises(PluginError, match=r'was not successfully created .*: namespaces "n" not found'):
        create(cluster, EngineLog(""), clock, "urn", _CONFIG_MAP, 0)
    assert clock.waits == [2, 4, 8, 16, 32]
    assert cluster.posts == 6


@pytest.mark.conformance("create-late-crd")
def test_s3_a_missing_crd_is_retried_and_named() -> None:
    clock, cluster = _Clock(), _Refusing(NoMatchError(Gvk("x.dev", "v1", "Thing")))
    with pytest.raises(PluginError, match=r'creation of resource "urn" failed .*: no matches for kind "Thing"'):
        create(cluster, EngineLog(""), clock, "urn", _CONFIG_MAP, 0)
    assert clock.waits == [2, 4, 8, 16, 32]


@pytest.mark.conformance("create-error")
@pytest.mark.parametrize("code", [400, 403, 409, 422])
def test_s3_another_refusal_is_final(code: int) -> None:
    clock, cluster = _Clock(), _Refusing(ApiError(code, "Any", "refused"))
    with pytest.raises(PluginError, match='resource "urn" was not successfully created by the Kubernetes API server'):
        create(cluster, EngineLog(""), clock, "urn", _CONFIG_MAP, 0)
    assert (cluster.posts, clock.waits) == (1, [])
