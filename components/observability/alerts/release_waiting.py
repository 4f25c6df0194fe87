"""A release waits for a person."""

from collections.abc import Iterator

from ..alert import Alert, Case
from ..series import RELEASES, recorded
from ..watched import Watched


def _cases(watched: Watched) -> Iterator[Case]:
    yield Case(recorded(RELEASES, {"state": "waiting"}), watched.stack.platform.prometheus.remind_after)


ALERT = Alert(
    name="ReleaseWaiting",
    severity="warning",
    summary="The release of {{ $labels.app }} waits to be approved",
    description=(
        "Two versions of {{ $labels.namespace }}/{{ $labels.app }} serve users until somebody decides: "
        "`coalmine approve {{ $labels.app }}` or `coalmine abort {{ $labels.app }}`."
    ),
    cases=_cases,
)
