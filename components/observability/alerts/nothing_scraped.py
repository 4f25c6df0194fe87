"""Prometheus answers, and collects nothing."""

from collections.abc import Iterator

from ...spec.values import Duration
from ..alert import Alert, Case
from ..watched import Watched

_LASTING = Duration.of_seconds(300)


def _cases(_watched: Watched) -> Iterator[Case]:
    yield Case("absent(up == 1)", _LASTING)


ALERT = Alert(
    name="NothingScraped",
    severity="critical",
    summary="Prometheus collects no metrics",
    description=(
        "No target has answered Prometheus for five minutes. Every check of a release lacks its data, "
        "and no answer counts as a bad one: releases that go on are taken back."
    ),
    cases=_cases,
)
