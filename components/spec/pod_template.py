"""What a full pod template must hold, so that a release can be made of it; the API server checks the rest."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from .base import Finding
from .errors import nearest
from .labels import reserved_labels
from .values import Image

_OWN_FIELDS = {
    "serviceAccountName": "workload.service_account",
    "serviceAccount": "workload.service_account",
    "automountServiceAccountToken": "workload.service_account.mount_token",
}
"""Fields of a pod's spec that the workload has fields of its own for: one owner each."""


def template_problems(template: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a PodTemplateSpec, by path inside it."""
    for key in template:
        if key not in ("metadata", "spec"):
            yield (key,), "unknown key" + nearest(key, ("metadata", "spec"))
    yield from _metadata_problems(template.get("metadata", {}))
    spec = template.get("spec")
    if not isinstance(spec, Mapping):
        yield ("spec",), "must be the spec of a pod, with 'containers'"
        return
    for name, owner in _OWN_FIELDS.items():
        if name in spec:
            yield ("spec", name), f"is set by {owner}: write it there"
    if not spec.get("containers"):
        yield ("spec", "containers"), "must hold at least one container"
    for group in ("initContainers", "containers"):
        yield from _container_problems(("spec", group), spec.get(group) or [])


def containers_of(template: Mapping[str, Any]) -> list[tuple[int, Mapping[str, Any]]]:
    """The containers of a template that has no problems."""
    return list(enumerate(template["spec"]["containers"]))


def _metadata_problems(metadata: Any) -> Iterator[Finding]:
    if not isinstance(metadata, Mapping):
        yield ("metadata",), "must be a mapping with 'labels' and 'annotations'"
        return
    for key, texts in metadata.items():
        if key not in ("labels", "annotations"):
            yield ("metadata", key), "unknown key" + nearest(key, ("labels", "annotations"))
        elif not isinstance(texts, Mapping):
            yield ("metadata", key), "must be a mapping of names to text"
        else:
            wrong = [name for name, text in texts.items() if not isinstance(text, str)]
            yield from ((("metadata", key, name), "must be text: write it in quotes") for name in wrong)
            if key == "labels":
                yield from ((("metadata", key, name), message) for name, message in reserved_labels(texts))


def _container_problems(place: tuple[str, ...], containers: Any) -> Iterator[Finding]:
    if not isinstance(containers, list):
        yield place, "must be a list of containers"
        return
    for index, container in enumerate(containers):
        if not isinstance(container, Mapping) or not isinstance(container.get("name"), str):
            yield (*place, index), "must be a container, with 'name' and 'image'"
            continue
        ports = container.get("ports")
        if ports is not None and not (isinstance(ports, list) and all(isinstance(port, Mapping) for port in ports)):
            yield (*place, index, "ports"), "must be a list of ports, with 'containerPort'"
        try:
            Image.parse(container.get("image"))
        except PydanticCustomError as error:
            yield (*place, index, "image"), error.message()
