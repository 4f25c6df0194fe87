"""What Pulumi's engine did in a preview, from its log of events: who was judged by which rule, and what was said.

Source: pulumi v3.259, sdk/go/common/apitype/events.go. A summary names the rules that applied and no others.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...record import record

_NO_RULE = ("undecided-in-", "exempt")
"""Begin the names under which the pack reports what a preview cannot judge, and what is exempted."""


@record
class Refusal:
    """What a rule said about an object. `level`: `mandatory` or `advisory`."""

    rule: str
    level: str
    object: str
    message: str

    @property
    def is_note(self) -> bool:
        """Whether it only says what the preview could not judge, or what is exempted."""
        return self.level != "mandatory" and self.rule.startswith(_NO_RULE)

    @property
    def subject(self) -> str:
        """The object with its kind and namespace, as every message of a rule begins."""
        return self.message.partition(": ")[0]


@record
class Judged:
    """How much was evaluated.

    Fields: `rules`, `objects`: how many different ones took part; `evaluations`: rule x object, one for a rule that
    judges the whole stack.
    """

    rules: int
    objects: int
    evaluations: int


@record
class Outcome:
    """One preview. `changes`: objects by operation, e.g. `create`; `succeeded`: what the engine says in the end."""

    judged: Judged
    refusals: tuple[Refusal, ...]
    errors: tuple[str, ...]
    changes: Mapping[str, int]
    succeeded: bool


def outcome(log: str) -> Outcome:
    """Reads a log: one event as JSON on each line. A log that ends early, or says nothing, is no success."""
    events = [json.loads(line) for line in log.splitlines() if line.strip()]
    summaries = list(_of(events, "summaryEvent"))
    last: Mapping[str, Any] = summaries[-1] if summaries else {}
    return Outcome(
        _judged(events),
        tuple(sorted(set(_refusals(events)), key=_order)),
        tuple(dict.fromkeys(_errors(events))),
        {name: count for name, count in sorted(last.get("resourceChanges", {}).items()) if count},
        last.get("result") == "succeeded",
    )


def _order(one: Refusal) -> tuple[bool, str, str, str]:
    return one.level != "mandatory", one.rule, one.object, one.message


def _judged(events: Iterable[Mapping[str, Any]]) -> Judged:
    rules: set[str] = set()
    objects: set[str] = set()
    evaluations = 0
    for kind in ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent"):
        for summary in _of(events, kind):
            applied = [name for name in _names(summary) if not name.startswith(_NO_RULE)]
            rules.update(applied)
            evaluations += len(applied)
            if applied and "resourceUrn" in summary:
                objects.add(summary["resourceUrn"])
    return Judged(len(rules), len(objects), evaluations)


def _names(summary: Mapping[str, Any]) -> list[str]:
    return [*(summary.get("passed") or []), *(summary.get("failed") or [])]


def _refusals(events: Iterable[Mapping[str, Any]]) -> Iterator[Refusal]:
    for event in _of(events, "policyEvent"):
        name = event.get("resourceUrn", "").rpartition("::")[2]
        # The engine puts the rule's description on a line before the message.
        message = event["message"].strip().rpartition("\n")[2]
        yield Refusal(event["policyName"], event["enforcementLevel"], name, message)


def _errors(events: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for event in _of(events, "diagnosticEvent"):
        text = event["message"].strip()
        if event.get("severity") == "error" and text and text != "preview failed":
            yield text
    for event in _of(events, "errorEvent"):
        yield event["error"]


def _of(events: Iterable[Mapping[str, Any]], kind: str) -> Iterator[Mapping[str, Any]]:
    return (event[kind] for event in events if event.get(kind) is not None)
