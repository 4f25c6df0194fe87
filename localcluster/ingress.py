"""Where the gateway takes plain HTTP: the target of port 80 of the Service that selects its pod."""

from collections.abc import Iterable

from .api import Object

HTTP_PORT = 80


def http_port(pod: Object, services: Iterable[Object]) -> int:
    """The port of the gateway's pod behind port 80 of its Service; 0 when no Service selects the pod or has port 80."""
    labels = pod["metadata"].get("labels", {})
    for service in sorted(services, key=lambda item: str(item["metadata"]["name"])):
        selector = service["spec"].get("selector") or {}
        here = service["metadata"]["namespace"] == pod["metadata"]["namespace"]
        if here and selector and selector.items() <= labels.items():
            for port in service["spec"].get("ports", []):
                if port["port"] == HTTP_PORT:
                    return _number(port.get("targetPort", HTTP_PORT), pod)
    return 0


def _number(target: int | str, pod: Object) -> int:
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports", []):
            if port.get("name") == target:
                return int(port["containerPort"])
    return 0
