"""What a Knative Service takes of a full pod template, unless a cluster's operators change its features.

Source: knative.dev/serving v0.44, pkg/apis/serving/fieldmask.go, k8s_validation.go and pkg/apis/config/features.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ..plan import Path
from ..spec.base import Finding
from ..spec.container import Port
from .names import ITS_VARIABLES, OF_CONTAINERS, PORT_NAMES, SAID_ELSEWHERE

Taken = Mapping[str, "Taken"]
"""The keys that it takes at a place, each with those inside; no keys stand for whatever is there."""

_OUT = "leave it out"
_CONTAINERS: Path = ("spec", "containers")


def _any(*keys: str) -> Taken:
    return {key: {} for key in keys}


_PROBE: Taken = {
    "exec": _any("command"),
    "grpc": _any("port", "service"),
    "httpGet": _any("host", "httpHeaders", "path", "port", "scheme"),
    "tcpSocket": _any("host", "port"),
    **_any("failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold", "timeoutSeconds"),
}
_CONTAINER: Taken = {
    **_any("args", "command", "envFrom", "image", "imagePullPolicy", "name", "workingDir"),
    **_any("terminationMessagePath", "terminationMessagePolicy"),
    "env": {**_any("name", "value"), "valueFrom": _any("configMapKeyRef", "secretKeyRef")},
    "livenessProbe": _PROBE,
    "ports": _any("containerPort", "name", "protocol"),
    "readinessProbe": _PROBE,
    "resources": _any("limits", "requests"),
    "securityContext": {
        **_any(*OF_CONTAINERS, "allowPrivilegeEscalation", "readOnlyRootFilesystem"),
        "capabilities": _any("drop"),
    },
    "startupProbe": _PROBE,
    "volumeMounts": _any("mountPath", "name", "readOnly", "subPath"),
}
_POD: Taken = {
    "containers": _CONTAINER,
    **_any("enableServiceLinks", "imagePullSecrets"),
    "securityContext": _any(*OF_CONTAINERS),
    "volumes": _any("configMap", "emptyDir", "name", "projected", "secret"),
}


def template_problems(template: Mapping[str, Any], port: Port) -> Iterator[Finding]:
    """Path inside a PodTemplateSpec and message of everything that is not taken; `port`: that of the traffic."""
    for name in template.get("metadata", {}).get("annotations", {}):
        if name in SAID_ELSEWHERE:
            yield ("metadata", "annotations", name), f"is made of {SAID_ELSEWHERE[name]}: write it there"
    for path in _untaken(template["spec"], _POD):
        yield ("spec", *path), f"a Knative Service does not take it: {_OUT}"
    containers = template["spec"]["containers"]
    yield from _of_ports(containers, port)
    for path, variable in _inside(containers, "env"):
        if variable.get("name") in ITS_VARIABLES:
            yield (*path, "name"), "is set by Knative: choose another name"


def _of_ports(containers: list[Mapping[str, Any]], traffic: Port) -> Iterator[Finding]:
    ports = list(_inside(containers, "ports"))
    if not ports and len(containers) > 1:
        yield _CONTAINERS, f"give the container that gets the requests a port, containerPort: {traffic.port}"
    for index, (path, port) in enumerate(ports):
        if index or port.get("containerPort") != traffic.port:
            yield path, f"a revision listens on the port that gets the traffic, {traffic.port}, alone: {_OUT}"
        elif "name" in port and PORT_NAMES.get(port["name"]) != PORT_NAMES.get(traffic.name):
            yield (*path, "name"), f"the port that gets the traffic is '{traffic.name}' in 'workload': {_OUT}"


def _inside(containers: list[Mapping[str, Any]], key: str) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Every part of a list that containers have, with its place."""
    for index, one in enumerate(containers):
        for number, part in enumerate(one.get(key) or []):
            if isinstance(part, Mapping):
                yield (*_CONTAINERS, index, key, number), part


def _untaken(value: Any, taken: Taken, path: Path = ()) -> Iterator[Path]:
    """The places of a pod's spec whose keys are not taken."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _untaken(one, taken, (*path, index))
    elif isinstance(value, Mapping) and taken:
        for key, inside in value.items():
            if key in taken:
                yield from _untaken(inside, taken[key], (*path, key))
            else:
                yield (*path, key)
