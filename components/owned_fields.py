"""Refuses, in preview and in update, a change that Pulumi would drop because a controller owns the field."""

from functools import lru_cache

import pulumi

from . import hooks
from .ownership import dropped


def refusal_hook() -> pulumi.ResourceHook | None:
    """The `before_update` hook of every object with owned fields; None where hooks are not run.

    It raises what the user reads where such a field would change, which would be in vain.
    """
    return _hook(pulumi.runtime.settings.get_monitor()) if hooks.are_run() else None


@lru_cache(maxsize=1)
def _hook(_monitor: object) -> pulumi.ResourceHook:
    """One for all objects of a run: each has to be made known to the engine."""
    return pulumi.ResourceHook("owned fields", refuse, pulumi.ResourceHookOptions(on_dry_run=True))


def refuse(args: pulumi.ResourceHookArgs) -> None:
    """Raises ValueError where an owned field would change."""
    new = args.new_inputs or {}
    lost = dropped(args.old_inputs or {}, new)
    if lost:
        metadata = new["metadata"]
        shown = f"{new['kind']} {metadata.get('namespace', '')}/{metadata['name']}".replace(" /", " ")
        raise ValueError(
            f"{shown}: {', '.join(lost)} has changed in the program, but a controller owns it while releases run, "
            "so the change would never reach the cluster. Undo it; or, with no release in progress, delete the "
            "object (kubectl delete) and run pulumi up --refresh, which makes it anew"
        )
