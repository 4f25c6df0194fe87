"""Other objects of an app, applied as they are; those that would fight the release are refused by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..record import record
from .base import Finding
from .container import Port
from .labels import OWNER_LABEL

_CLUSTER_WIDE = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CertificateSigningRequest",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "GatewayClass",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttributesClass",
    }
)
"""Kinds outside of namespaces, beside those whose name begins with `Cluster`."""
_ROUTES = frozenset(
    {
        "ApisixRoute",
        "DestinationRule",
        "GRPCRoute",
        "HTTPProxy",
        "HTTPRoute",
        "Ingress",
        "IngressRoute",
        "Mapping",
        "RouteTable",
        "TCPRoute",
        "TLSRoute",
        "TraefikService",
        "TrafficSplit",
        "VirtualService",
    }
)
_RELEASED = frozenset({"Canary", "Deployment", "ReplicaSet", "Rollout"})
_SCALERS: Mapping[str, tuple[str, str]] = {
    "HorizontalPodAutoscaler": ("scaleTargetRef", "say it by 'scaling'"),
    "ScaledObject": ("scaleTargetRef", "say it by 'scaling'"),
    "VerticalPodAutoscaler": ("targetRef", "give the containers' resources"),
}
"""Of what changes pods, where it names them and what does it here."""

Object = Mapping[str, Any]


@record
class Pods:
    """An app's pods.

    Fields: `selector`: the labels by which its Services find them; `labels`: all that no release changes; `ports`:
    number and names of the traffic's.
    """

    selector: Mapping[str, str]
    labels: Mapping[str, str]
    ports: frozenset[int | str]


def pods_of(
    selector: Mapping[str, str],
    owner: str,
    given: Mapping[str, str],
    port: Port,
    template: Mapping[str, Any] | None,
) -> Pods:
    """The pods as the app and its template, where it has one, describe them."""
    written = template or {}
    labels = {**mapping_of(mapping_of(written.get("metadata")).get("labels")), **given}
    containers = list_of(mapping_of(written.get("spec")).get("containers"))
    opened = [mapping_of(one) for container in containers for one in list_of(mapping_of(container).get("ports"))]
    names = {str(one["name"]) for one in opened if one.get("containerPort") == port.port and "name" in one}
    return Pods(selector, {**labels, **selector, OWNER_LABEL: owner}, frozenset({port.port, port.name, *names}))


def object_problems(objects: Sequence[Any], namespace: str, pods: Pods) -> Iterator[Finding]:
    """Index in the list, and what is wrong with that object of an app."""
    known: dict[tuple[str, str], int] = {}
    for index, one in enumerate(objects):
        malformed = _malformed(one)
        if malformed:
            yield (index,), malformed
            continue
        first = known.setdefault(place_of(one), index)
        if first != index:
            yield (index,), f"is the object of that kind and name again, after the one at {first}"
        messages = (
            _beyond(one, namespace),
            _by_kind(one),
            _selecting(one, pods),
            _joining(one, pods.selector),
        )
        yield from (((index,), message) for message in messages if message)


def place_of(one: Object) -> tuple[str, str]:
    """Kind and name of an object."""
    return one["kind"], one["metadata"]["name"]


def _malformed(one: Any) -> str:
    if not isinstance(one, Mapping):
        return "must be an object of Kubernetes: a mapping with 'apiVersion', 'kind' and 'metadata'"
    for key in ("apiVersion", "kind"):
        if not isinstance(one.get(key), str) or not one[key]:
            return f"must have a text '{key}'"
    metadata = one.get("metadata")
    if not isinstance(metadata, Mapping) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        return "must have a 'metadata.name': a name that is made up in the cluster would make a new one each time"
    for key in ("labels", "annotations"):
        texts = metadata.get(key) or {}
        if not isinstance(texts, Mapping) or not all(isinstance(text, str) for text in texts.values()):
            return f"must have text in 'metadata.{key}': write numbers and truths in quotes"
    return ""


def is_cluster_wide(kind: str) -> bool:
    """Whether the objects of a kind are known to lie outside of namespaces."""
    return kind in _CLUSTER_WIDE or kind.startswith("Cluster")


def _beyond(one: Object, namespace: str) -> str:
    """Outside of the app's namespace."""
    kind = one["kind"]
    if is_cluster_wide(kind):
        return "belongs to the whole cluster, not to one app: let those who run the cluster install it"
    other = one["metadata"].get("namespace", namespace)
    if other != namespace:
        return f"is in namespace '{other}', not in the app's, '{namespace}': make it there by another way"
    return ""


def _by_kind(one: Object) -> str:
    kind = one["kind"]
    if kind == "Secret" and not is_encrypted(one):
        return (
            "would stand in plain text in Git and in the state: make it in the cluster and name it to the pods, or "
            "write a SealedSecret or an ExternalSecret, of which the cluster makes it, or one that SOPS encrypted"
        )
    if kind in _RELEASED:
        return "runs pods beside the release: what is released is one Deployment; make another one an app of its own"
    if kind in _ROUTES:
        return "routes requests, which the release does: say it by 'traffic'"
    if kind in _SCALERS:
        field, instead = _SCALERS[kind]
        target = mapping_of(mapping_of(one.get("spec")).get(field)).get("kind", "Deployment")
        if target in _RELEASED:
            return f"changes the pods of a {target}, which the release does: {instead}"
    return ""


def is_encrypted(one: Object) -> bool:
    """Whether SOPS encrypted every value of a Secret. Source: kustomize-controller v1.9, internal/decryptor."""
    if one["kind"] != "Secret" or not isinstance(mapping_of(one.get("sops")).get("mac"), str):
        return False
    values = [value for key in ("data", "stringData") for value in mapping_of(one.get(key)).values()]
    return bool(values) and all(isinstance(value, str) and value.startswith("ENC[") for value in values)


def _selecting(one: Object, pods: Pods) -> str:
    """What would count the pods of both versions as one."""
    spec = mapping_of(one.get("spec"))
    selector = mapping_of(spec.get("selector"))
    ports = (mapping_of(port) for port in list_of(spec.get("ports")))
    ours = selector and selector.items() <= pods.labels.items() and any(_leads_to(port, pods) for port in ports)
    if one["kind"] == "Service" and ours:
        return (
            "leads to the pods of both versions, past the weights: the release has Services of its own for the port "
            "that receives the traffic"
        )
    if one["kind"] == "PodDisruptionBudget" and mapping_of(selector.get("matchLabels")).items() <= pods.labels.items():
        return "is a second budget for the app's pods, which no drain could keep: say it by 'disruption'"
    return ""


def _leads_to(port: Object, pods: Pods) -> bool:
    return port.get("targetPort", port.get("port")) in pods.ports


def _joining(one: Object, selector: Mapping[str, str]) -> str:
    """Pods of something else that the app's Services would take for the app's."""
    pods = [one, *_templates(one)] if one["kind"] == "Pod" else list(_templates(one))
    if any(selector.items() <= mapping_of(mapping_of(pod.get("metadata")).get("labels")).items() for pod in pods):
        label = ", ".join(f"{key}: {value}" for key, value in selector.items())
        return f"makes pods with the label {label}, by which the app's Services find theirs: change it"
    return ""


def _templates(value: Any) -> Iterator[Object]:
    """Every pod template in an object, at any depth."""
    for key, inside in mapping_of(value).items():
        if key == "template" and isinstance(inside, Mapping):
            yield inside
        yield from _templates(inside)


def selects_by(one: Object, label: str, text: str) -> bool:
    """Whether an object looks for pods by a label."""
    return _has(one.get("spec"), label, text)


def _has(value: Any, label: str, text: str) -> bool:
    if isinstance(value, Mapping):
        return value.get(label) == text or any(_has(inside, label, text) for inside in value.values())
    return isinstance(value, list) and any(_has(inside, label, text) for inside in value)


def mapping_of(value: Any) -> Mapping[str, Any]:
    """The value where it is a mapping, else an empty one: these objects are of any origin."""
    return value if isinstance(value, Mapping) else {}


def list_of(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []
