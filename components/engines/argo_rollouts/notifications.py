"""Who is told: subscriptions on a Rollout, and the controller's configuration, the same for all apps of a cluster.

Source: argo-rollouts v1.9, docs/features/notifications.md and utils/record/record.go.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...contracts import Channel, Measured, RequestSeries, Router, Told
from ...contracts_of.argo_rollouts import RolloutsChannel, Words
from ...manifests.meta import Manifest, without_nothing
from ...plan import Plan
from ...record import record
from ...spec.channels import EVENTS, Event
from ...spec.checks import Check, ErrorRate, Latency, check_name
from .messages import LIMITS, words

CONFIG_MAP = "argo-rollouts-notification-configmap"
SECRET = "argo-rollouts-notification-secret"
_PREFIX = "notifications.argoproj.io/subscribe"

_STEPS = "rollout.spec.strategy.canary.steps"
_AT = "int(rollout.status.currentStepIndex)"
_PASSED = f"count({_STEPS}[0:{_AT}], .analysis?.args != nil or .experiment != nil)"


@record
class _Trigger:
    """When the controller tells of an event.

    Fields: `name`: where nothing else is given, that of one of its own events, told at that moment; `when`: what is
    true of a Rollout, told once while it is, also after the controller was away; `once`: for each value, only once.
    A trigger with a condition has a name of ours: under that of an event it would be told of in both ways.
    """

    name: str
    when: str = ""
    once: str = ""


_TRIGGERS: Mapping[Event, _Trigger] = {
    "started": _Trigger("on-rollout-updated"),
    # Of the controller's steps, which are smaller, only checks that passed are one of the app's.
    "step": _Trigger(
        "passed-a-step",
        f"(rollout.status.stableRS ?? '') not in ['', rollout.status.currentPodHash] and {_PASSED} > 0",
        f"rollout.status.currentPodHash + '/' + string({_PASSED})",
    ),
    # Pauses that end by themselves tell nothing; all others wait for somebody, whyever they began.
    "approval": _Trigger(
        "waits",
        "len(rollout.status.pauseConditions ?? []) > 0 and "
        f"(rollout.spec.strategy.blueGreen != nil or {_STEPS}[{_AT}].pause?.duration == nil)",
    ),
    "promoted": _Trigger("on-rollout-completed"),
    "aborted": _Trigger("on-rollout-aborted"),
}


def subscriptions(plan: Plan, told: Sequence[Told], router: Router) -> dict[str, str]:
    """The annotations of a Rollout: who is told of what, and what the messages need to know of its checks."""
    if not told:
        return {}
    made = {
        f"{_PREFIX}.{_TRIGGERS[event].name}.{one.name}": RolloutsChannel.of(one.channel).rollouts_recipient(one.name)
        for one in told
        for event in one.events
    }
    series = router.request_series(plan, Measured(revision=plan.revision))
    # A query without an upper limit, and a comparison, are told with the number alone.
    limits = {check_name(check): _shown(check, series) for check in plan.checks if check.max is not None}
    return {**made, LIMITS: json.dumps(limits)}


def _shown(check: Check, series: RequestSeries) -> Mapping[str, Any]:
    limit = str(check.max)
    if isinstance(check, ErrorRate):
        return {"limit": limit, "factor": 100, "format": "%.1f%%"}
    if isinstance(check, Latency):
        return {"limit": limit, "factor": series.duration_unit_ms, "format": "%.0fms"}
    return {"limit": limit, "factor": 1, "format": "%g"}


def configuration(channels: Mapping[str, Channel], cluster: str) -> dict[str, Any]:
    """The keys of the controller's ConfigMap, each with what its YAML says; empty without a channel to use."""
    usable = {name: one for name, one in sorted(channels.items()) if isinstance(one, RolloutsChannel)}
    if not usable:
        return {}
    services = {f"service.{one.rollouts_service}.{name}": one.rollouts_options(name) for name, one in usable.items()}
    said = {event: words(event, cluster) for event in EVENTS}
    templates = {f"template.{event}": _template(usable, said[event]) for event in EVENTS}
    return {**services, **templates, **dict(_triggers())}


def _triggers() -> Iterator[tuple[str, list[Manifest]]]:
    for event, trigger in _TRIGGERS.items():
        asked = without_nothing({"when": trigger.when or None, "oncePer": trigger.once or None})
        yield f"trigger.{trigger.name}", [{**asked, "send": [event]}]


def _template(channels: Mapping[str, RolloutsChannel], said: Words) -> Manifest:
    made: dict[str, Any] = {"message": said.said(_message(channels))}
    for name, one in channels.items():
        for service, section in one.rollouts_template(name, said).items():
            made[service] = {**made.get(service, {}), **section}
    return made


def _message(channels: Mapping[str, RolloutsChannel]) -> str:
    """The text, cut for services that take no longer one: all services have one text."""
    cut = "$text"
    for name, one in channels.items():
        if one.rollouts_longest:
            cut = f'(ternary (trunc {one.rollouts_longest} $text) {cut} (eq .serviceType "{name}"))'
    return cut
