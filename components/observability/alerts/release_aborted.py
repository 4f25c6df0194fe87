"""A release was taken back."""

from collections.abc import Iterator

from ..alert import Alert, Case
from ..series import RELEASES, recorded
from ..watched import Watched


def _cases(_watched: Watched) -> Iterator[Case]:
    yield Case(recorded(RELEASES, {"state": "aborted"}))


ALERT = Alert(
    name="ReleaseAborted",
    severity="warning",
    summary="The latest release of {{ $labels.app }} was taken back",
    description=(
        "All users of {{ $labels.namespace }}/{{ $labels.app }} have the version before. "
        "`coalmine status {{ $labels.app }}` says which check failed."
    ),
    cases=_cases,
)
