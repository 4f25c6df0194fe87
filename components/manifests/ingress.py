"""The Ingress of an app: its hosts and paths, before one Service."""

from ..spec.app import AppSpec
from ..spec.traffic import PathMatch
from .meta import Manifest, manifest, without_nothing


def ingress(app: AppSpec, service: str, ingress_class: str, tls_secret: str | None = None) -> Manifest:
    """Only what an Ingress knows is taken of traffic.match: whoever calls this refuses the rest."""
    paths = [entry.path for entry in app.traffic.match if entry.path] or [PathMatch(prefix="/")]
    backend = {"service": {"name": service, "port": {"number": app.traffic.port}}}
    rules = [
        {"host": host, "http": {"paths": [{**_path(path), "backend": backend} for path in paths]}}
        for host in app.traffic.hosts
    ]
    tls = [{"hosts": list(app.traffic.hosts), "secretName": tls_secret}] if tls_secret else []
    spec = without_nothing({"ingressClassName": ingress_class, "tls": tls, "rules": rules})
    return manifest("networking.k8s.io/v1", "Ingress", app.name, app, {"spec": spec})


def _path(path: PathMatch) -> Manifest:
    if path.exact is not None:
        return {"path": path.exact, "pathType": "Exact"}
    return {"path": path.prefix or "/", "pathType": "Prefix"}
