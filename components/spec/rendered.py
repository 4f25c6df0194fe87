"""What a chart or an overlay rendered, as the words of a workload: one Deployment's pods, and objects around them.

Nothing is dropped without a word: what only the release can do is refused by name, and notes say what became of the
rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from ..record import record
from .base import Finding
from .configuration import references_in
from .errors import nearest
from .labels import NAME_LABEL, RESERVED, VERSION_LABEL
from .names import is_dns_label
from .objects import Object, list_of, mapping_of, place_of
from .values import Image

_GIVES_WAY = (
    "replicas",
    "strategy",
    "updateStrategy",
    "minReadySeconds",
    "progressDeadlineSeconds",
    "revisionHistoryLimit",
)
"""Of a Deployment or DaemonSet, what the app has words of its own for."""
_HARMLESS = ("deployment.kubernetes.io/", "kubectl.kubernetes.io/", "meta.helm.sh/")
"""Prefixes of annotations that speak of the Deployment itself, or of who made it."""
_HOOK = "helm.sh/hook"


@record
class Rendered:
    """One Deployment or DaemonSet and what is around it.

    Fields: `released`: its kind and name, in words; `workload`: keys of the app's workload; `notes`: what became of
    what, a sentence each.
    """

    released: str
    workload: Mapping[str, Any]
    notes: tuple[str, ...]


def workload_of(
    objects: Sequence[Object], kind: str, app: str, namespace: str, without: Sequence[str]
) -> Rendered | list[Finding]:
    """The workload of an app; else what is wrong, by paths inside of the chart or the overlay.

    `kind`: of what is released.
    """
    known = [_reference(one) for one in objects]
    found: list[Finding] = [
        (("without", index), f"there is no '{name}' to leave out{nearest(name, known)}")
        for index, name in enumerate(without)
        if name not in known
    ]
    kept = [one for one in objects if _reference(one) not in without]
    found += [((), message) for message in _hooks(kept)]
    able = [one for one in kept if one["kind"] == kind]
    if len(able) != 1:
        return [*found, ((), _not_one(able, kind, known))]
    released = able[0]
    found += [((), f"{_words(released)} {message}") for message in _unlike(released, app, namespace)]
    return found or _workload(released, [one for one in kept if one is not released])


def _reference(one: Object) -> str:
    return "/".join(place_of(one))


def _name(one: Object) -> str:
    return place_of(one)[1]


def _hooks(objects: Sequence[Object]) -> Iterator[str]:
    for one in objects:
        when = mapping_of(one["metadata"].get("annotations")).get(_HOOK)
        if when:
            kind, name = place_of(one)
            message = f"{kind} '{name}' is a hook ({when}), which helm alone runs: have a gate of 'delivery' do it"
            yield f"{message}, and leave it out: without: [{kind}/{name}]"


def _words(one: Object) -> str:
    return f"{one['kind']} '{_name(one)}'"


def _not_one(able: Sequence[Object], kind: str, known: Sequence[str]) -> str:
    if not able:
        return f"has no {kind}, and one must be what is released (there are: {', '.join(known) or 'no objects'})"
    names = ", ".join(f"'{_name(one)}'" for one in able)
    return (
        f"has {len(able)} {kind}s, {names}, and one must be what is released: leave the others out by "
        "'without', and make each an app of its own"
    )


def _unlike(deployment: Object, app: str, namespace: str) -> Iterator[str]:
    """What of a Deployment a release cannot keep."""
    spec = mapping_of(deployment.get("spec"))
    for key in spec:
        if key not in (*_GIVES_WAY, "selector", "template"):
            yield f"has 'spec.{key}', which a release cannot keep: take it out"
    for name in mapping_of(deployment["metadata"].get("annotations")):
        if not name.startswith(_HARMLESS):
            yield f"has an annotation '{name}', but another object is released: take it out, or give it to the pods"
    elsewhere = deployment["metadata"].get("namespace", namespace)
    if elsewhere != namespace:
        yield f"is in namespace '{elsewhere}', not in the app's, '{namespace}'"
    other = _labels(mapping_of(spec.get("template"))).get(NAME_LABEL, app)
    if other != app:
        yield f"has pods with the label {NAME_LABEL}: {other}, by which other objects find them: it must be '{app}'"


def _labels(template: Object) -> Mapping[str, Any]:
    return mapping_of(mapping_of(template.get("metadata")).get("labels"))


def _workload(deployment: Object, others: Sequence[Object]) -> Rendered:
    written = mapping_of(mapping_of(deployment.get("spec")).get("template"))
    pods = dict(mapping_of(written.get("spec")))
    account = _service_account(pods, others)
    template = {**written, "metadata": _metadata(written), "spec": pods}
    config = _config(template, others)
    objects = [one for one in others if one["kind"] != "ConfigMap" or _name(one) not in config]
    keys: Mapping[str, Any] = {
        "pod_template": template,
        "service_account": account,
        "config": config,
        "objects": objects,
        "version": _version(written),
    }
    notes = tuple(_notes(deployment, config, objects))
    return Rendered(_words(deployment), {key: value for key, value in keys.items() if value}, notes)


def _metadata(template: Object) -> Mapping[str, Any]:
    """Without the labels that a release gives the pods itself."""
    labels = {name: text for name, text in _labels(template).items() if name not in RESERVED}
    metadata = {**mapping_of(template.get("metadata")), "labels": labels}
    return {key: value for key, value in metadata.items() if value}


def _service_account(pods: dict[str, Any], others: Sequence[Object]) -> Mapping[str, Any]:
    """Whose identity the pods have, taken out of their spec, with Kubernetes' own defaults."""
    names = [pods.pop(key, None) for key in ("serviceAccountName", "serviceAccount")]
    name = next(filter(None, names), "default")
    token = pods.pop("automountServiceAccountToken", None)
    if token is None:
        own = next((one for one in others if place_of(one) == ("ServiceAccount", name)), {})
        token = own.get("automountServiceAccountToken", True)
    return {"existing": name, "mount_token": token}


def _config(template: Object, others: Sequence[Object]) -> Mapping[str, Any]:
    """The ConfigMaps that only the pods read: they become part of the version."""
    plain = {_name(one): one["data"] for one in others if _is_plain(one)}
    read = {name for name in _read(template) if name in plain}
    return {name: plain[name] for name in sorted(read) if not any(_names(other, name) for other in others)}


def _is_plain(one: Object) -> bool:
    kept = one.keys() <= {"apiVersion", "kind", "metadata", "data", "immutable"}
    return one["kind"] == "ConfigMap" and kept and bool(one.get("data")) and is_dns_label(_name(one))


def _read(template: Object) -> Iterator[str]:
    """The names of the ConfigMaps that pods read."""
    for kind, path, field in references_in(template):
        place: Any = template
        for part in path:
            place = place[part]
        if kind == "config":
            yield place[field]


def _names(value: Any, text: str) -> bool:
    if isinstance(value, Mapping):
        return any(_names(inside, text) for key, inside in value.items() if key != "metadata")
    return any(_names(inside, text) for inside in value) if isinstance(value, list) else bool(value == text)


def _version(template: Object) -> str:
    """What people call this version: the first image's tag, else what the pods' label says."""
    containers = list_of(mapping_of(template.get("spec")).get("containers"))
    try:
        image = Image.parse(mapping_of(containers[0]).get("image") if containers else None)
    except PydanticCustomError:
        return "none"  # what is wrong with the image is said of the template
    return str(image.tag or _labels(template).get(VERSION_LABEL) or image.version)


def _notes(deployment: Object, config: Mapping[str, Any], objects: Sequence[Object]) -> Iterator[str]:
    given = [key for key in _GIVES_WAY if key in mapping_of(deployment.get("spec"))]
    ours = f"; what the app says replaces its {', '.join(given)}" if given else ""
    yield f"{_words(deployment)} is what is released{ours}"
    if config:
        yield f"Part of the version, as the pods read them: {', '.join(f'ConfigMap/{name}' for name in config)}"
    if objects:
        yield f"Applied as they are, before the release begins: {', '.join(map(_reference, objects))}"
