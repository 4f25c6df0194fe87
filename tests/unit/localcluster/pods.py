"""Pods and Services for the tests of this folder."""

from localcluster.api import Object


def rollout_pod(**labels: str) -> Object:
    """A pod of a ReplicaSet that Argo Rollouts made for the Rollout `shop`."""
    return {
        "metadata": {
            "name": "shop-6b9f8c7d5-abcde",
            "generateName": "shop-6b9f8c7d5-",
            "namespace": "store",
            "uid": "0c7d",
            "labels": {"rollouts-pod-template-hash": "6b9f8c7d5", **labels},
            "ownerReferences": [{"kind": "ReplicaSet", "name": "shop-6b9f8c7d5", "controller": True}],
        },
        "spec": {
            "nodeName": "node-0",
            "serviceAccountName": "shop",
            "containers": [{"name": "app", "image": "shop:1"}],
        },
        "status": {"podIP": "10.244.0.7"},
    }


def service(name: str, created: str, selector: dict[str, str], **spec: object) -> Object:
    """A Service of the namespace `store`."""
    metadata = {"name": name, "namespace": "store", "creationTimestamp": created}
    return {"metadata": metadata, "spec": {"selector": selector, **spec}}
