"""An app that Flux brings from Git: what Flux says of it, what others hold of it, and what a tenant tries beside it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

from components.plan import Plan
from components.platform.pieces import flux
from localcluster.api import Api, Object, path_of
from localcluster.demo.rollout import RolloutState

from .engines import routed
from .git_repository import BRANCH

NAME = NAMESPACE = "by-flux"
ACCOUNT = f"system:serviceaccount:{flux.NAMESPACE}:deliver-{NAME}"
KUSTOMIZATION = path_of("kustomize.toolkit.fluxcd.io/v1/kustomizations", flux.NAMESPACE, NAME)


@dataclass(frozen=True)
class Told:
    """What the Kustomization says.

    Fields: `ready`, `reason`, `message`: of its condition; `attempted`, `applied`: commits; `looks`: how often these
    very objects were compared with the cluster.
    """

    ready: str
    reason: str
    message: str
    attempted: str
    applied: str
    looks: int

    @classmethod
    def read(cls, api: Api) -> "Told":
        """As it is now."""
        status = api.get(KUSTOMIZATION).get("status", {})
        ready: Object = next((one for one in status.get("conditions", []) if one["type"] == "Ready"), {})
        return cls(
            ready=ready.get("status", ""),
            reason=ready.get("reason", ""),
            message=ready.get("message", ""),
            attempted=_commit(status.get("lastAttemptedRevision", "")),
            applied=_commit(status.get("lastAppliedRevision", "")),
            looks=next((one["totalReconciliations"] for one in status.get("history", [])), 0),
        )


def _commit(revision: str) -> str:
    return revision.removeprefix(f"{BRANCH}@sha1:")


@dataclass(frozen=True)
class Held:
    """What the engine and the autoscaler hold of the app.

    Fields: `weights` of the stable version and the canary; `replicas`; `selectors` of their Services; `written`:
    another one after each write to the Rollout, the routes or the Services, whoever made it.
    """

    weights: tuple[int, int]
    replicas: int
    selectors: tuple[Object, ...]
    written: tuple[object, ...]

    @classmethod
    def read(cls, api: Api, plan: Plan) -> "Held":
        """As it is now."""
        rollout = api.get(path_of("argoproj.io/v1alpha1/rollouts", NAMESPACE, NAME))
        routes = api.get(path_of("networking.istio.io/v1/virtualservices", NAMESPACE, f"{NAME}-split"))
        names = (f"{NAME}-stable", plan.canary_service)
        services = [api.get(path_of("v1/services", NAMESPACE, name)) for name in names]
        generations = (one["metadata"]["generation"] for one in (rollout, routes))
        # A Service has no generation; nothing writes its status here.
        versions = (one["metadata"]["resourceVersion"] for one in services)
        return cls(
            weights=routed(api, plan, ""),
            replicas=rollout["spec"].get("replicas", 0),
            selectors=tuple(one["spec"]["selector"] for one in services),
            written=(*generations, *versions),
        )


@dataclass(frozen=True)
class After:
    """How it stood when a commit had shown its effect. Fields: `commit`; `told` by Flux; `release`: by its engine."""

    commit: str
    told: Told
    release: RolloutState


@dataclass
class ByFlux:
    """What became of every commit.

    Fields: `plans`: of the versions, by the commit's name; `after`: each commit, by name; `refused`: the same of a
    tenant's, by the name in TENANTS; `reached`: paths of what they got in spite of all; `held`: what was held at each
    look while the canary had its weight; `looks`: how often Flux compared the cluster with Git meanwhile; `unsafe`: the
    commit that breaks a rule which the API server judges by.
    """

    plans: dict[str, Plan] = field(default_factory=dict)
    after: dict[str, After] = field(default_factory=dict)
    refused: dict[str, After] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    looks: int = 0
    unsafe: After | None = None


_REACHED = "reached"


def _object(api_version: str, kind: str, namespace: str = "", **body: object) -> str:
    place = {"namespace": namespace} if namespace else {}
    return yaml.safe_dump(
        {"apiVersion": api_version, "kind": kind, "metadata": {"name": _REACHED, **place}, **body}, sort_keys=False
    )


@dataclass(frozen=True)
class Tenant:
    """What a tenant commits beside the app. Fields: `file`, its `text`; `refusal`: what Flux must say of it."""

    file: str
    text: str
    refusal: str


def _forbidden(resource: str, group: str, place: str) -> str:
    return f'User "{ACCOUNT}" cannot patch resource "{resource}" in API group "{group}" {place}'


_RBAC = "rbac.authorization.k8s.io"
_ADMIN = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
_OWN = [{"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}]
TENANTS: Mapping[str, Tenant] = {
    "another namespace": Tenant(
        "configmap-reached.yaml",
        _object("v1", "ConfigMap", flux.NAMESPACE, data={"reached": "true"}),
        _forbidden("configmaps", "", f'in the namespace "{flux.NAMESPACE}"'),
    ),
    "the whole cluster": Tenant(
        "clusterrolebinding-reached.yaml",
        _object(f"{_RBAC}/v1", "ClusterRoleBinding", roleRef=_ADMIN, subjects=_OWN),
        _forbidden("clusterrolebindings", _RBAC, "at the cluster scope"),
    ),
    "a kind that the app has not": Tenant(
        "secret-reached.yaml",
        _object("v1", "Secret", NAMESPACE, stringData={"reached": "true"}),
        _forbidden("secrets", "", f'in the namespace "{NAMESPACE}"'),
    ),
}
REACHED = (
    path_of("v1/configmaps", flux.NAMESPACE, _REACHED),
    path_of(f"{_RBAC}/v1/clusterrolebindings", "", _REACHED),
    path_of("v1/secrets", NAMESPACE, _REACHED),
)
"""Where those would be."""
