"""Who is told: an AlertProvider for every channel, and what the Canary says about it.

The texts are Flagger's own: they name the app and say what happened, without the version or the check.
Source: flagger v1.36, pkg/controller/events.go and scheduler.go.
"""

from collections.abc import Sequence

from ...contracts import Told
from ...contracts_of.flagger import FlaggerChannel, secret_name
from ...manifests.meta import Manifest, manifest
from ...plan import Plan
from ...record import record
from ...spec.channels import EVENTS, FAILURES, Event

_API = "flagger.app/v1beta1"
_EVERYTHING: tuple[Event, ...] = tuple(event for event in EVENTS if event != "step")


@record
class Alert:
    """One channel. Fields: `provider`: its AlertProvider; `reference`: what the Canary says about it."""

    provider: Manifest
    reference: Manifest


def untold(events: Sequence[Event]) -> str:
    """Why Flagger cannot tell of just these events; it has levels: what failed or waits, or everything."""
    if "step" in events:
        return "tells nobody of single steps; leave 'step' out, or choose engine 'argo-rollouts'"
    wanted = _EVERYTHING if {"started", "promoted"} & set(events) else FAILURES
    missing = [event for event in wanted if event != "approval" and event not in events]
    if not missing:
        return ""
    together = f"tells of {', '.join(events)} and {', '.join(missing)} together only"
    return f"{together}; add {' and '.join(repr(one) for one in missing)}, or choose engine 'argo-rollouts'"


def alerts_of(plan: Plan, told: Sequence[Told]) -> list[Alert]:
    """Every channel that is told about a plan's app."""
    return [_alert(plan, one) for one in told]


def _alert(plan: Plan, one: Told) -> Alert:
    channel = FlaggerChannel.of(one.channel)
    name = f"{plan.name}-{one.name}"
    spec = {
        "type": channel.flagger_type,
        **channel.flagger_fields(),
        "secretRef": {"name": secret_name(one.name)},
    }
    reference = {
        "name": one.name,
        # `warn` holds errors too: a rollback that a hook asked for is only a warning.
        "severity": "info" if "promoted" in one.events else "warn",
        # Another namespace's provider is refused by the platform's controller.
        "providerRef": {"name": name, "namespace": plan.namespace},
    }
    return Alert(manifest(_API, "AlertProvider", name, plan.app, {"spec": spec}), reference)
