"""The pods of an app as the revisions of a Knative Service."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from ..manifests.meta import Manifest, without_nothing
from ..plan import Plan
from ..spec.container import Port
from ..spec.values import Quantity
from .names import OF_CONTAINERS, PORT_NAMES


def revision_template(plan: Plan, annotations: Mapping[str, str], fields: Mapping[str, Any]) -> Manifest:
    """The template of an app that Knative refuses nothing of; `fields`: of the revision, beside those of pods.

    Everything is written as Flagger writes it: it sends the whole object to move the traffic, and would own for ever
    what it sends otherwise.
    """
    metadata, spec = plan.template["metadata"], plan.template["spec"]
    of_all = {key: value for key, value in spec.get("securityContext", {}).items() if key in OF_CONTAINERS}
    serving = serving_container(spec["containers"])
    made = {
        "serviceAccountName": spec["serviceAccountName"],
        # Knative takes no true: it is the account's own word then, also of the one that is made for the app.
        "automountServiceAccountToken": None if spec["automountServiceAccountToken"] else False,
        **{key: spec.get(key) for key in ("enableServiceLinks", "imagePullSecrets", "volumes")},
        **fields,
        "containers": [
            _container(one, of_all, [_port(plan.port)] if index == serving else [])
            for index, one in enumerate(spec["containers"])
        ],
    }
    annotated = {**metadata.get("annotations", {}), **annotations}
    return {"metadata": {"labels": metadata["labels"], "annotations": annotated}, "spec": without_nothing(made)}


def serving_container(containers: Sequence[Mapping[str, Any]]) -> int:
    """The place of the container that gets the requests: the first with a port, else the first."""
    return next((index for index, one in enumerate(containers) if one.get("ports")), 0)


def _port(port: Port) -> Manifest:
    return {"name": PORT_NAMES[port.name], "containerPort": port.port, "protocol": "TCP"}


def _container(one: Mapping[str, Any], of_pod: Mapping[str, Any], ports: Sequence[Manifest]) -> Manifest:
    made = {
        **one,
        "env": [{key: value for key, value in variable.items() if value != ""} for variable in one.get("env") or []],
        "ports": ports,
        "securityContext": {**of_pod, **(one.get("securityContext") or {})},
    }
    return {**without_nothing(made), "resources": _resources(one.get("resources") or {})}


def _resources(given: Mapping[str, Any]) -> Manifest:
    canonical = {
        kind: {name: _canonical(amount) for name, amount in (amounts or {}).items()} for kind, amounts in given.items()
    }
    return without_nothing(canonical)


def _canonical(amount: Any) -> Any:
    try:
        return Quantity.parse(amount).canonical
    except PydanticCustomError:
        return amount
