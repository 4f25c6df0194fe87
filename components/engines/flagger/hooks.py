"""A Canary's webhooks: the gates of a release, and its load test.

Source: flagger v1.36, pkg/controller/webhook.go and scheduler_hooks.go.
"""

import shlex
from collections.abc import Iterator, Mapping

from ...manifests.meta import Manifest
from ...plan import Plan
from ...spec.base import Finding
from ...spec.hooks import LOAD_TEST, Hook, LoadTest, When
from ...spec.values import Duration
from .analysis import look_of

_TYPES: Mapping[When, str] = {
    "confirm": "confirm-rollout",
    "pre": "pre-rollout",
    "during": "rollout",
    "increase": "confirm-traffic-increase",
    "promote": "confirm-promotion",
    "post": "post-rollout",
    "rollback": "rollback",
    "event": "event",
}
_TESTERS_ANSWER = Duration.of_seconds(10)
"""How long the load tester may take to say that it has begun."""


def webhooks(plan: Plan) -> list[Manifest]:
    """All of them: the load begins before the gates of a check are asked."""
    delivery = plan.app.delivery
    load = [_load(delivery.load_test)] if delivery.load_test else []
    return [*load, *(_webhook(hook) for hook in delivery.gates)]


def _webhook(hook: Hook) -> Manifest:
    made = {"name": hook.name, "type": _TYPES[hook.when], "url": hook.url}
    # Flagger waits five seconds for the answer to an event, whatever is said here.
    return made if hook.when == "event" else {**made, "timeout": f"{hook.timeout.whole_seconds}s"}


def _load(test: LoadTest) -> Manifest:
    return {
        "name": LOAD_TEST,
        "type": "rollout",
        "url": test.tester,
        "timeout": f"{_TESTERS_ANSWER.whole_seconds}s",
        "metadata": {"type": "cmd", "cmd": shlex.join(test.command)},
    }


def hook_problems(plan: Plan) -> Iterator[Finding]:
    """What Flagger would do otherwise than it was asked to."""
    gates = plan.app.delivery.gates
    for index, hook in enumerate(gates):
        if hook.when == "event" and "timeout" in hook.model_fields_set:
            message = "engine 'flagger' waits 5s for the answer to an event: leave 'timeout' out"
            yield ("delivery", "gates", index, "timeout"), message
    yield from _too_slow(plan, [hook for hook in gates if hook.when == "during"])


def _too_slow(plan: Plan, asked: list[Hook]) -> Iterator[Finding]:
    """A look that takes longer than the time to the next one would hold up the release."""
    load = _TESTERS_ANSWER.milliseconds if plan.app.delivery.load_test else 0
    longest, interval = Duration(load + sum(hook.timeout.milliseconds for hook in asked)), look_of(plan).window
    if asked and longest >= interval:
        message = f"all that is asked at a check may take {longest}, and engine 'flagger' checks every {interval}"
        yield ("delivery", "gates"), f"{message}: shorten the timeouts of 'during'"
