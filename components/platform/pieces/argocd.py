"""Argo CD: keeps the cluster as a Git repository says, from its pinned release manifests.

Dex, which translates other sign-ons into OpenID Connect, is left out: Argo CD speaks to a provider of that itself.
"""

from collections.abc import Iterator

from ...manifests.meta import Manifest
from ...spec.argocd import ArgoCdOptions
from ...spec.cluster import StackSpec
from ..argo_cd import pods, secrets
from ..argo_cd.names import ADMIN_KEY, ADMIN_SECRET, NAMESPACE, SECRET
from ..argo_cd.settings import access, parameters, settings
from ..bundle import bundle_of
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import ARGO_CD_HA_INSTALL, ARGO_CD_INSTALL, locate
from ..upstream import in_namespace, not_of_kind, of_kind, read

_RUNNING = ("Deployment", "Service", "StatefulSet")
_DEX = "argocd-dex-server"
_APPLICATION_SETS = "argocd-applicationset-controller"
_NOTIFICATIONS = "argocd-notifications"
_MAKES_SECRETS = ("argocd-redis", "argocd-redis-ha-haproxy")
"""Roles by which pods of Redis make the Secret of its password, which is made already."""


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identities, permissions, secrets and settings; then the servers."""
    options = stack.platform.argocd
    source = bundle_of(stack).source(ARGO_CD_HA_INSTALL if options.ha else ARGO_CD_INSTALL)
    whole = in_namespace(read(locate(source) / source.paths[0], source.sha256), NAMESPACE)
    wanted = [item for item in whole if not item["metadata"]["name"].startswith(_left_out(options))]
    objects = [_changed(item, stack) for item in wanted if not _is_idle(item)]
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        [*not_of_kind(objects, CLUSTER_DEFINITIONS, *_RUNNING), *secrets.others(stack), _emptied_default()],
        of_kind(objects, *_RUNNING),
    )


def _left_out(options: ArgoCdOptions) -> tuple[str, ...]:
    """How the names of objects begin that this stack does without."""
    parts = ((_APPLICATION_SETS, options.application_sets), (_NOTIFICATIONS, options.notifications))
    return (_DEX, *(name for name, wanted in parts if not wanted))


def _is_idle(item: Manifest) -> bool:
    """Whether an object only lets Redis make its Secret."""
    return item["kind"] in ("Role", "RoleBinding") and item["metadata"]["name"] == _MAKES_SECRETS[0]


def _changed(item: Manifest, stack: StackSpec) -> Manifest:
    options = stack.platform.argocd
    kind, name = item["kind"], item["metadata"]["name"]
    if kind in ("Deployment", "StatefulSet"):
        return pods.changed(item, options, bundle_of(stack))
    if kind == "Role" and name in _MAKES_SECRETS:
        return {**item, "rules": [rule for rule in item["rules"] if "secrets" not in rule["resources"]]}
    if kind == "Secret" and name == SECRET:
        return {**item, "stringData": secrets.contents(stack)}
    texts = {"argocd-cm": settings, "argocd-cmd-params-cm": parameters, "argocd-rbac-cm": access}
    if kind != "ConfigMap" or name not in texts:
        return item
    data = {**item.get("data", {}), **texts[name](options)}
    return {**item, "data": data} if data else item


def _emptied_default() -> Manifest:
    """The project of Applications that name none; without this one, Argo CD makes one that allows everything."""
    metadata = {"name": "default", "namespace": NAMESPACE}
    spec = {"description": "Allows nothing: every Application names its project", "sourceRepos": [], "destinations": []}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": metadata, "spec": spec}


def _problems(stack: StackSpec) -> Iterator[tuple[str, str]]:
    if stack.gitops is not None and stack.gitops.namespace != NAMESPACE:
        here = f"the platform installs Argo CD in '{NAMESPACE}'"
        yield "gitops.namespace", f"{here}: leave it out, or set platform.argocd.install to false"


def _commands(stack: StackSpec) -> dict[str, str]:
    here = f"-n {NAMESPACE}"
    password = f"{here} get secret {ADMIN_SECRET} -o jsonpath='{{.data.{ADMIN_KEY}}}' | base64 -d"
    return {
        "applications": f"{here} get applications",
        "open": f"{here} port-forward service/argocd-server 8443:{443 if stack.platform.argocd.tls else 80}",
        **({} if stack.platform.argocd.sso else {"password": password}),
    }


PIECE = Piece(
    name="argocd",
    token="coalmine:index:ArgoCd",
    serves=("gitops", "argocd"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    problems=lambda stack: list(_problems(stack)),
    sources=(ARGO_CD_INSTALL, ARGO_CD_HA_INSTALL),
    commands=_commands,
    url=lambda stack: stack.platform.argocd.url,
)
