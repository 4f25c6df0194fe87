"""Registers the manifests of objects.json; `{"known only during the update": VALUE}` stands for such a value.

`{"kept secret": VALUE}` is a secret. A manifest with the key `inStateOnly` becomes a component, which has a state
without any cluster.

A manifest's own key `ignoreChanges` is what the program leaves to others.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pulumi
import pulumi_random
from pulumi_kubernetes import Provider


def revealed(value: Any) -> Any:
    """The manifest with its placeholders replaced by outputs that a preview does not know."""
    if isinstance(value, dict):
        if SECRET in value:
            return pulumi.Output.secret(value[SECRET])
        return late.hex.apply(lambda _: value[MARK]) if MARK in value else {k: revealed(v) for k, v in value.items()}
    return [revealed(one) for one in value] if isinstance(value, list) else value


MARK = "known only during the update"
SECRET = "kept secret"
here = Path(__file__).resolve().parent
late = pulumi_random.RandomId("late", byte_length=4)
cluster = Provider("cluster", kubeconfig=(here / "kubeconfig.yaml").read_text(encoding="utf-8"))
taken: Counter[str] = Counter()
for manifest in json.loads((here / "objects.json").read_text(encoding="utf-8")):
    body = revealed(manifest)
    name = manifest["kind"].lower()
    taken[name] += 1
    group = "" if "/" in body["apiVersion"] else "core/"
    token = f"kubernetes:{group}{body['apiVersion']}:{body['kind']}"
    name = name if taken[name] == 1 else f"{name}-{taken[name]}"
    inputs = {key: body[key] for key in ("apiVersion", "kind", "metadata", "spec")}
    if "inStateOnly" in manifest:
        pulumi.ComponentResource(token, name, inputs)
    else:
        options = pulumi.ResourceOptions(provider=cluster, ignore_changes=manifest.get("ignoreChanges"))
        pulumi.CustomResource(token, name, inputs, options)
