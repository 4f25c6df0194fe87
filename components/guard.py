"""Refuses, in preview and in update, a change that Pulumi would drop because a controller owns the field."""

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from .manifests.meta import Manifest
from .ownership import dropped


def guard(name: str, manifest: Manifest, paths: tuple[str, ...]) -> pulumi.ResourceHookBinding | None:
    """The hook that keeps the owned fields of an object from being changed in vain; None where it has none.

    `name`: of the resource, unique in the stack. The hook raises what the user reads.
    """
    # Pulumi's mocks, with which programs are unit-tested, know no hooks.
    if not paths or isinstance(get_monitor(), MockMonitor):
        return None
    metadata = manifest["metadata"]
    shown = f"{manifest['kind']} {metadata.get('namespace', '')}/{metadata['name']}".replace(" /", " ")

    def refuse(args: pulumi.ResourceHookArgs) -> None:
        lost = dropped(args.old_inputs or {}, args.new_inputs or {})
        if lost:
            raise ValueError(
                f"{shown}: {', '.join(lost)} has changed in the program, but a controller owns it while releases run, "
                "so the change would never reach the cluster. Undo it; or, with no release in progress, delete the "
                "object (kubectl delete) and run pulumi up --refresh, which makes it anew"
            )

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHookBinding(before_update=[pulumi.ResourceHook(f"{name}: owned fields", refuse, options)])
