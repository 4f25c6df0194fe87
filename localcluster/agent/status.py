"""The status that the agent reports for a pod that runs as a process."""

from datetime import UTC, datetime

from ..api import Object


def now() -> str:
    """The time as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status(pod: Object, address: str, node_address: str, *, ready: bool, state: Object) -> Object:
    """A running pod's status. `state`: that of the program's container, e.g. {"running": {...}}."""
    containers = [_container(item, ready, state) for item in pod["spec"]["containers"]]
    text = "True" if ready else "False"
    return {
        "phase": "Running",
        "startTime": pod.get("status", {}).get("startTime") or now(),
        "hostIP": node_address,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [
            *(item for item in pod.get("status", {}).get("conditions", []) if item["type"] == "PodScheduled"),
            _condition("Initialized", "True"),
            _condition("ContainersReady", text),
            _condition("Ready", text),
        ],
        "initContainerStatuses": [_finished(item) for item in pod["spec"].get("initContainers", [])],
        "containerStatuses": containers,
    }


def waiting(reason: str, message: str) -> Object:
    """The state of a container that cannot be started yet."""
    return {"waiting": {"reason": reason, "message": message}}


def terminated(detail: str) -> Object:
    """The state of a container whose process ended by itself."""
    return {"terminated": {"exitCode": 1, "reason": "Error", "message": detail, "finishedAt": now()}}


def running(since: str) -> Object:
    """The state of a container whose process is there."""
    return {"running": {"startedAt": since}}


def _condition(kind: str, value: str) -> Object:
    return {"type": kind, "status": value, "lastTransitionTime": now()}


def _container(container: Object, ready: bool, state: Object) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": ready,
        "started": "running" in state,
        "restartCount": 0,
        "state": state,
    }


def _finished(container: Object) -> Object:
    state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now(), "finishedAt": now()}}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": True,
        "restartCount": 0,
        "state": state,
    }
