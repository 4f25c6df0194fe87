"""Registers the manifests of objects.json; `{"known only during the update": VALUE}` stands for such a value."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_random
from pulumi_kubernetes import Provider
from pulumi_kubernetes.apiextensions import CustomResource


def revealed(value: Any) -> Any:
    """The manifest with its placeholders replaced by outputs that a preview does not know."""
    if isinstance(value, dict):
        return late.hex.apply(lambda _: value[MARK]) if MARK in value else {k: revealed(v) for k, v in value.items()}
    return [revealed(one) for one in value] if isinstance(value, list) else value


MARK = "known only during the update"
here = Path(__file__).resolve().parent
late = pulumi_random.RandomId("late", byte_length=4)
cluster = Provider("cluster", kubeconfig=(here / "kubeconfig.yaml").read_text(encoding="utf-8"))
seen: list[str] = []
for manifest in json.loads((here / "objects.json").read_text(encoding="utf-8")):
    body = revealed(manifest)
    name = manifest["kind"].lower()
    seen.append(name)
    CustomResource(
        name if seen.count(name) == 1 else f"{name}-{seen.count(name)}",
        api_version=body["apiVersion"],
        kind=body["kind"],
        metadata=body["metadata"],
        spec=body["spec"],
        opts=pulumi.ResourceOptions(provider=cluster),
    )
