"""Who may talk to whom in Istio's mesh: mutual TLS everywhere, and the callers of each namespace of apps."""

from collections.abc import Iterable, Sequence

from ..manifests.meta import Manifest
from ..spec.app import AppSpec
from ..spec.platform import IstioOptions

_API = "security.istio.io/v1"


def rules(options: IstioOptions, apps: Iterable[AppSpec], control_plane: str, ingress: str) -> Sequence[Manifest]:
    """The objects that hold for the stack's apps; `control_plane`, `ingress`: the namespaces of istiod and the gateway.

    Source: istio.io/latest/docs/reference/config/security.
    """
    strict = options.mutual_tls == "strict"
    namespaces = sorted({app.namespace for app in apps}) if options.default_deny else []
    allowed = [(name, [name, ingress, *options.callers.get(name, [])]) for name in namespaces]
    return [*([_strict(control_plane)] if strict else []), *(_callers(name, who) for name, who in allowed)]


def need_sidecars(options: IstioOptions) -> list[str]:
    """The options that nothing would keep without sidecars."""
    asked = {"mutual_tls": options.mutual_tls == "strict", "default_deny": options.default_deny}
    return [name for name, is_asked in asked.items() if is_asked]


def _strict(control_plane: str) -> Manifest:
    # In the namespace of the control plane, and without a selector, it holds for the whole mesh.
    return _object("PeerAuthentication", "default", control_plane, {"mtls": {"mode": "STRICT"}})


def _callers(namespace: str, callers: Iterable[str]) -> Manifest:
    # Where a policy allows something, everything else is denied. Namespaces are known by their certificates.
    sources = [{"source": {"namespaces": list(dict.fromkeys(callers))}}]
    # Pulumi knows the objects of a piece by kind and name, so the name is another one in each namespace.
    name = f"callers-of-{namespace}"
    return _object("AuthorizationPolicy", name, namespace, {"action": "ALLOW", "rules": [{"from": sources}]})


def _object(kind: str, name: str, namespace: str, spec: Manifest) -> Manifest:
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
