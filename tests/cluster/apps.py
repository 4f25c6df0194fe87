"""Apps with two versions behind the gateway, for tests of traffic."""

from localcluster.api import Object

from .small_platform import deployment, namespace

IMAGE = "registry.example.com/demo/web:1.0.0"


def version(space: str, name: str, revision: str, **annotations: str) -> Object:
    """A Deployment `name-revision` of two pods; annotations as in localcluster.pods.behaviour, without prefix."""
    labels = {"app": name, "app.kubernetes.io/version": revision}
    behaviour = {f"local.coalmine.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    shown = {"prometheus.io/port": "15020", **behaviour}
    pod: Object = {
        "containers": [{"ports": [{"name": "http", "containerPort": 8080}]}],
        "serviceAccountName": "default",
    }
    return deployment(f"{name}-{revision}", space, labels, IMAGE, replicas=2, annotations=shown, pod=pod)


def behind_gateway(space: str, name: str, weights: dict[str, int]) -> tuple[Object, ...]:
    """Namespace, one Service per version, and a VirtualService with these weights for the host NAME.example.com."""
    services = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": f"{name}-{revision}", "namespace": space},
            "spec": {
                "selector": {"app": name, "app.kubernetes.io/version": revision},
                "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
            },
        }
        for revision in weights
    ]
    routes = [
        {"destination": {"host": f"{name}-{revision}", "port": {"number": 80}}, "weight": weight}
        for revision, weight in weights.items()
    ]
    host = f"{name}.example.com"
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [host]}
    gateway = {"selector": {"istio": "ingress"}, "servers": [server]}
    routing = {"hosts": [host], "gateways": [name], "http": [{"route": routes}]}
    return (
        namespace(space),
        *services,
        _istio("Gateway", space, name, gateway),
        _istio("VirtualService", space, name, routing),
    )


def _istio(kind: str, space: str, name: str, spec: Object) -> Object:
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
