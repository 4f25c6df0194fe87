"""Waiting for the proof that one version answers everything."""

import time
from collections.abc import Callable

from .shares import Share
from .tally import Tally
from .timeline import SETTLED_SECONDS

PROOF_SECONDS = 3
"""For how long the version must answer everything, without a break."""
_DEADLINE_SECONDS = 30
_MOST = 0.8
"""The load of a busy machine may lag behind: so much of it must have been answered."""
_POLL_SECONDS = 0.25


def await_proof(tally: Tally, version: str, rate: float, show: Callable[[Share], None]) -> Share:
    """Counts until a version has answered all requests of some seconds with 200.

    Fields of the answer: `requests`: all of those seconds; `canary`: those that it did not answer, 0 unless the
    deadline has passed. `rate`: requests per second that are sent; `show`: called with every count.
    """
    began = time.time()
    while True:
        last = int(time.time() - SETTLED_SECONDS)
        found = tally.not_well(version, (last - PROOF_SECONDS, last))
        show(found)
        enough = found.requests >= rate * PROOF_SECONDS * _MOST
        steady = last - PROOF_SECONDS >= began and enough and not found.canary
        if steady or time.time() > began + _DEADLINE_SECONDS:
            return found
        time.sleep(_POLL_SECONDS)
