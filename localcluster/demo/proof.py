"""Waiting for the proof that one version answers everything."""

import math
import time
from collections.abc import Callable

from .shares import Share
from .tally import Tally

PROOF_SECONDS = 3
"""For how long the version must answer everything, without a break."""
_DEADLINE_SECONDS = 60
_MOST = 0.8
"""The load of a busy machine may lag behind: so much of it must have been answered."""
_POLL_SECONDS = 0.25


def await_proof(tally: Tally, version: str, rate: float, show: Callable[[Share], None]) -> Share:
    """Counts until a version has answered all requests of some seconds with 200.

    Fields of the answer: `requests`: all of those seconds; `canary`: those that it did not answer, 0 unless the
    deadline has passed. `rate`: requests per second that are sent; `show`: called with every count.
    """
    began = math.ceil(time.time())
    while True:
        found = _latest(tally, version, rate, began)
        show(found)
        if (found.requests and not found.canary) or time.time() > began + _DEADLINE_SECONDS:
            return found
        time.sleep(_POLL_SECONDS)


def _latest(tally: Tally, version: str, rate: float, began: int) -> Share:
    """The latest seconds whose requests were all answered; no requests before there are enough of them."""
    for end in range(int(time.time()), began + PROOF_SECONDS - 1, -1):
        found = tally.not_well(version, (end - PROOF_SECONDS, end))
        # A second is written down when its last answer is there, so the newest ones are incomplete for a while.
        if found.requests >= rate * PROOF_SECONDS * _MOST:
            return found
    return Share(0, 0, 0)
