"""Refuses, in preview and in update, a change that Pulumi would drop because a controller owns the field."""

from collections.abc import Sequence

import pulumi

from . import hooks
from .manifests.meta import Manifest
from .ownership import dropped


def refusal_hook(name: str, manifest: Manifest, paths: Sequence[str]) -> pulumi.ResourceHook | None:
    """The `before_update` hook against changes of owned fields, which would be in vain; None where there are none.

    `name`: of the resource, unique in the stack. The hook raises what the user reads.
    """
    if not paths or not hooks.are_run():
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
    return pulumi.ResourceHook(f"{name}: owned fields", refuse, options)
