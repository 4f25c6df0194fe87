"""The Ingress of an app: its hosts and paths, before one Service."""

from collections.abc import Mapping

from ..spec.app import AppSpec
from ..spec.traffic import PathMatch
from .meta import Manifest, manifest, without_nothing


def ingress(
    app: AppSpec,
    service: str,
    ingress_class: str,
    tls_secret: str | None = None,
    *,
    named_port: str = "",
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Only what an Ingress knows is taken of traffic.match: whoever calls this refuses the rest.

    `named_port`: instead of the number of traffic.port.
    """
    paths = [entry.path for entry in app.traffic.match if entry.path] or [PathMatch(prefix="/")]
    port = {"name": named_port} if named_port else {"number": app.traffic.port}
    backend = {"service": {"name": service, "port": port}}
    rules = [
        {"host": host, "http": {"paths": [{**_path(path), "backend": backend} for path in paths]}}
        for host in app.traffic.hosts
    ]
    tls = [{"hosts": list(app.traffic.hosts), "secretName": tls_secret}] if tls_secret else []
    spec = without_nothing({"ingressClassName": ingress_class, "tls": tls, "rules": rules})
    metadata = {"annotations": dict(annotations)} if annotations else {}
    return manifest("networking.k8s.io/v1", "Ingress", app.name, app, {"spec": spec}, **metadata)


def _path(path: PathMatch) -> Manifest:
    if path.exact is not None:
        return {"path": path.exact, "pathType": "Exact"}
    return {"path": path.prefix or "/", "pathType": "Prefix"}
