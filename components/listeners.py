"""Who is told about an app on a cluster: what the app asks for, else whoever should hear of a release that fails."""

from collections.abc import Iterator, Mapping, Sequence

from .contracts import Channel, Engine, Told
from .features import Feature
from .needs import needs
from .plan import Plan
from .spec.base import Finding
from .spec.channels import EVENTS, FAILURES, Event
from .spec.cluster import DeliverySpec
from .spec.errors import format_path, nearest


def channels_of(delivery: DeliverySpec) -> Mapping[str, Channel]:
    """The cluster's channels, by their contract."""
    return {name: one for name, one in delivery.channels.items() if isinstance(one, Channel)}


def told(plan: Plan, engine: Engine, delivery: DeliverySpec) -> tuple[Told, ...]:
    """The channels that are told about a valid app, in alphabetical order."""
    channels = channels_of(delivery)
    if plan.app.notify is None:
        usable = [name for name in _default(plan, channels) if not _useless(plan, engine, channels[name])]
        return tuple(Told(name, channels[name], FAILURES) for name in usable)
    asked = sorted(plan.app.notify, key=lambda one: one.channel)
    return tuple(Told(one.channel, channels[one.channel], _in_order(one.events)) for one in asked)


def notification_problems(plan: Plan, engine: Engine, delivery: DeliverySpec) -> Iterator[Finding]:
    """What cannot be told, and an approval that nobody would hear of."""
    channels = channels_of(delivery)
    found = [
        problem for index in range(len(plan.app.notify or ())) for problem in _wrong(plan, index, engine, channels)
    ]
    yield from found
    if found:
        return
    listeners = told(plan, engine, delivery)
    for one in listeners if plan.app.notify else ():
        yield from one.channel.problems(plan)
    if channels and Feature.APPROVAL in needs(plan) and not any("approval" in one.events for one in listeners):
        why = f"app '{plan.name}' would wait without an end, and nobody is told"
        yield needs(plan)[Feature.APPROVAL], f"{why}; add a channel to 'notify' with the event 'approval'"


def notification_notes(plan: Plan, engine: Engine, delivery: DeliverySpec) -> Iterator[str]:
    """What is told to nobody although no rule is broken, a sentence each."""
    channels = channels_of(delivery)
    if plan.app.notify is None:
        for name in _default(plan, channels):
            why = _useless(plan, engine, channels[name])
            if why:
                yield f"Channel '{name}' is not told: {why}"
    if Feature.APPROVAL in needs(plan) and not told(plan, engine, delivery):
        yield "Nobody is told that a release waits for an approval: the cluster has no channel"


def _useless(plan: Plan, engine: Engine, channel: Channel) -> str:
    """Why a channel that nobody asked for cannot be told; "" where it can."""
    if not isinstance(channel, engine.channel_contract):
        return f"{engine.kind} cannot reach kind '{channel.kind}'"
    return next((f"{format_path(path)} {message}" for path, message in channel.problems(plan)), "")


def _default(plan: Plan, channels: Mapping[str, Channel]) -> Sequence[str]:
    return [plan.app.owner] if plan.app.owner in channels else sorted(channels)


def _wrong(plan: Plan, index: int, engine: Engine, channels: Mapping[str, Channel]) -> Iterator[Finding]:
    asked = (plan.app.notify or ())[index]
    channel = channels.get(asked.channel)
    if channel is None:
        hint = nearest(asked.channel, channels) or " (it has none)"
        yield ("notify", index, "channel"), f"the cluster has no channel '{asked.channel}'{hint}: see delivery.channels"
        return
    if not isinstance(channel, engine.channel_contract):
        refused = channel.refused[engine.kind]
        pair = f"app '{plan.name}' cannot be told to channel '{asked.channel}' of kind '{channel.kind}'"
        yield ("notify", index), f"{pair} with engine '{engine.kind}': {refused.why}; {refused.instead}"
        return
    why = engine.untold(_in_order(asked.events))
    if why:
        yield ("notify", index, "events"), f"engine '{engine.kind}' {why}"


def _in_order(events: Sequence[Event]) -> tuple[Event, ...]:
    return tuple(event for event in EVENTS if event in events)
