"""How a pod is configured to behave: variables that say the same as its annotations.

They are read once, as a kubelet fills them in when it starts a container: what is changed in a ConfigMap later reaches
no running pod.
"""

import sys
from collections.abc import Mapping

from ..agent.containers import ContainerError, Data, fill
from ..api import Object
from .behaviour import ERROR_RATE, LATENCY, SETTING

VARIABLES: Mapping[str, str] = {"LOCAL_ERROR_RATE": ERROR_RATE, "LOCAL_LATENCY": LATENCY, "LOCAL_SETTING": SETTING}
"""The variables of any container, and the annotation that each stands for."""


def is_configured(pod: Object) -> bool:
    """Whether a pod may have any of the variables."""
    return any(one.get("envFrom") or _named(one) for one in pod["spec"]["containers"])


def configured(pod: Object, data: Data) -> dict[str, str]:
    """The annotations that a pod's variables stand for; none where what a container refers to is missing."""
    environment: dict[str, str] = {}
    try:
        for container in pod["spec"]["containers"]:
            fill(environment, {**container, "env": _named(container)}, pod, str(pod["status"]["podIP"]), data)
    except ContainerError as error:
        print(f"{pod['metadata']['name']}: {error}", file=sys.stderr, flush=True)
        return {}
    return {VARIABLES[name]: text for name, text in environment.items() if name in VARIABLES}


def _named(container: Object) -> list[Object]:
    return [entry for entry in container.get("env", []) if entry["name"] in VARIABLES]
