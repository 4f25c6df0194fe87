"""The program that this package is measured beside: registers what registrations.json lists, and does nothing else.

An entry is a provider, a component or an object, with its options.
"""

import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes


def hooks() -> pulumi.ResourceHookBinding | None:
    """One that does nothing before every create of an update: what Pulumi takes for calling it is no work of ours."""
    if pulumi.runtime.is_dry_run():
        return None
    return pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook("nothing", lambda _created: None)])


class KubernetesObject(pulumi.CustomResource):
    """The same class as the package's own, which cannot be had without loading the package."""

    def __init__(self, token: str, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(token, name, manifest, opts)


def register(entry: dict[str, Any], made: dict[str, Any]) -> Any:
    """Registers one entry; `made` holds those before it, by their URNs."""
    token, name = entry["type"], entry["name"]
    if entry["sort"] == "provider":
        return pulumi_kubernetes.Provider(name, **entry["inputs"])
    options = pulumi.ResourceOptions(
        parent=made[entry["parent"]] if entry["parent"] else None,
        depends_on=[made[urn] for urn in entry["depends_on"]],
        provider=made[entry["provider"]] if entry["provider"] else None,
        **entry["options"],
    )
    if entry["sort"] == "component":
        component = pulumi.ComponentResource(token, name, None, options)
        component.register_outputs({})
        return component
    if entry["timeouts"]:
        options.custom_timeouts = pulumi.CustomTimeouts(**entry["timeouts"])
    if entry["hooked"]:
        options.hooks = HOOKS
    return KubernetesObject(token, name, entry["inputs"], options)


ENTRIES = json.loads(Path("registrations.json").read_text())
HOOKS = hooks() if any(one["hooked"] for one in ENTRIES) else None
resources: dict[str, Any] = {}
for one in ENTRIES:
    resources[one["urn"]] = register(one, resources)
