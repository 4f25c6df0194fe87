"""The environment and arguments of a container, as a kubelet works them out."""

import math
import os
import re
from collections.abc import Callable, Mapping

from ..api import Object
from ..credentials import INNER_ADDRESS, INNER_PORT
from ..programs import Launch, program_for

Data = Callable[[str, str], Mapping[str, str] | None]
"""Gives the text data of an object of the pod's namespace by kind (ConfigMap, Secret) and name, None if missing."""

_REFERENCE = re.compile(r"\$(\$?)\(([-._a-zA-Z0-9]+)\)")
_UNITS = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


class ContainerError(Exception):
    """A pod asks for something that is missing or that this machine does not do; the text says what."""


def program_container(pod: Object) -> Object:
    """The container that a program stands in for."""
    found: Object = next(item for item in pod["spec"]["containers"] if program_for(item) is not None)
    return found


def launch_of(pod: Object, address: str, data: Data) -> Launch:
    """What the program's container asks for. Raises ContainerError when something it refers to is missing."""
    container = program_container(pod)
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME": pod["metadata"]["name"],
        "HOME": "/",
        "KUBERNETES_SERVICE_HOST": INNER_ADDRESS,
        "KUBERNETES_SERVICE_PORT": str(INNER_PORT),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(INNER_PORT),
    }
    fill(environment, container, pod, address, data)
    # The program stands in for whatever the image would run, so the name in `command` does not matter.
    given = [*container.get("command", [])[1:], *container.get("args", [])]
    arguments = tuple(expand(item, environment) for item in given)
    return Launch(arguments, environment)


def fill(environment: dict[str, str], container: Object, pod: Object, address: str, data: Data) -> None:
    """Adds the variables that a container asks for. Raises ContainerError when something it refers to is missing."""
    for source in container.get("envFrom", []):
        environment.update(_from_source(source, data))
    for entry in container.get("env", []):
        value = _from_reference(entry["valueFrom"], pod, container, address, data) if "valueFrom" in entry else None
        text = value if value is not None else entry.get("value", "")
        if value is not None or "valueFrom" not in entry:
            environment[entry["name"]] = expand(text, environment)


def expand(text: str, environment: Mapping[str, str]) -> str:
    """Fill in `$(NAME)`; unknown names stay as they are and `$$(NAME)` is an escaped one, as Kubernetes documents."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return f"$({match[2]})"
        return environment.get(match[2], match[0])

    return _REFERENCE.sub(value, text)


def field_of(pod: Object, path: str, address: str) -> str:
    """A field of the downward API. Raises ContainerError for one that Kubernetes does not offer."""
    metadata = pod["metadata"]
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if keyed:
        return str(metadata.get(keyed[1], {}).get(keyed[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        entries = metadata.get(path.partition(".")[2], {})
        return "".join(f'{key}="{entries[key]}"\n' for key in sorted(entries))
    fields = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": pod["spec"].get("nodeName", ""),
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", "default"),
        "status.podIP": address,
        "status.podIPs": address,
        "status.hostIP": address,
    }
    if path not in fields:
        raise ContainerError(f"field {path!r} is not one of the downward API")
    return str(fields[path])


def resource_of(container: Object, name: str, divisor: str = "1") -> str:
    """A resource limit or request as a whole number of `divisor`; the machine's own size where no limit is set."""
    kind, _, resource = name.partition(".")
    given = container.get("resources", {}).get(kind, {}).get(resource)
    if given is None:
        machine = {"cpu": float(os.cpu_count() or 1), "memory": _memory()}
        given = machine.get(resource, 0.0)
    size = given if isinstance(given, float) else _quantity(str(given))
    unit = _quantity(divisor)
    return str(math.ceil(size / (unit or 1)))


def _memory() -> float:
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _quantity(text: str) -> float:
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text)
    if match is None or match[2] not in _UNITS:
        raise ContainerError(f"quantity {text!r} is not understood")
    return float(match[1]) * _UNITS[match[2]]


def _from_source(source: Object, data: Data) -> dict[str, str]:
    kind, reference = (
        ("ConfigMap", source["configMapRef"]) if "configMapRef" in source else ("Secret", source["secretRef"])
    )
    found = data(kind, reference["name"])
    if found is None:
        _unless_optional(reference, f"{kind} {reference['name']!r} is missing")
    prefix = source.get("prefix", "")
    return {f"{prefix}{key}": value for key, value in (found or {}).items()}


def _from_reference(source: Object, pod: Object, container: Object, address: str, data: Data) -> str | None:
    if "fieldRef" in source:
        return field_of(pod, source["fieldRef"]["fieldPath"], address)
    if "resourceFieldRef" in source:
        wanted = source["resourceFieldRef"]
        return resource_of(container, wanted["resource"], str(wanted.get("divisor", "1")) or "1")
    kind, reference = (
        ("ConfigMap", source["configMapKeyRef"]) if "configMapKeyRef" in source else ("Secret", source["secretKeyRef"])
    )
    value = (data(kind, reference["name"]) or {}).get(reference["key"])
    if value is None:
        _unless_optional(reference, f"{kind} {reference['name']!r} has no key {reference['key']!r}")
    return value


def _unless_optional(reference: Object, problem: str) -> None:
    if not reference.get("optional", False):
        raise ContainerError(problem)
