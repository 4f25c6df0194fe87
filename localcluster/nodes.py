"""The nodes of a local cluster: enough room for a demo, in three zones."""

from .api import Api, Object, path_of

NODES = 3
_ROOM = {"cpu": "32", "memory": "128Gi", "pods": "110", "ephemeral-storage": "500Gi"}


def node(index: int) -> Object:
    """A node. kwok fills in conditions and addresses; pods on it get addresses of 10.244.<index>.0/24."""
    name = f"node-{index}"
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": "local",
                "topology.kubernetes.io/zone": f"local-{'abc'[index % 3]}",
                "type": "kwok",
            },
        },
        "spec": {"podCIDR": f"10.244.{index}.0/24", "podCIDRs": [f"10.244.{index}.0/24"]},
        "status": {"capacity": dict(_ROOM), "allocatable": dict(_ROOM)},
    }


def create(api: Api) -> None:
    """Create the nodes that are not there."""
    for index in range(NODES):
        wanted = node(index)
        if api.find(path_of("v1/nodes", name=wanted["metadata"]["name"])) is None:
            api.create(path_of("v1/nodes"), wanted)


def ready(api: Api) -> bool:
    """Whether every node is Ready and the default ServiceAccount exists, so that pods can be created."""
    if api.find(path_of("v1/serviceaccounts", "default", "default")) is None:
        return False
    found = api.items(path_of("v1/nodes"))
    return len(found) >= NODES and all(_is_ready(item) for item in found)


def _is_ready(item: Object) -> bool:
    conditions = item.get("status", {}).get("conditions", [])
    return any(entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)
