"""A controller that the platform installs reports nothing."""

from collections.abc import Iterator

from ...spec.values import Duration
from ..alert import Alert, Case
from ..watched import Watched

_LASTING = Duration.of_seconds(300)
"""A pod that is moved to another node takes less."""


def _cases(watched: Watched) -> Iterator[Case]:
    for name, series in watched.controllers.items():
        # A label of the rule itself is none for its texts.
        yield Case(f'label_replace(absent({series}), "controller", "{name}", "", "")', _LASTING)


ALERT = Alert(
    name="ControllerDown",
    severity="critical",
    summary="The controller {{ $labels.controller }} reports nothing",
    description=(
        "Prometheus has had no metrics of {{ $labels.controller }} for five minutes: it does not run, or is not "
        "scraped. Routes stay as they are; nothing moves a release on, and nothing takes one back."
    ),
    cases=_cases,
)
