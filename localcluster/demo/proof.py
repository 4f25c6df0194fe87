"""Waiting for the proof that one version answers everything."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .shares import Share
from .tally import Tally

PROOF_SECONDS = 3
"""For how long the version must answer everything, without a break."""
_DEADLINE_SECONDS = 60
_MOST = 0.8
"""The load of a busy machine may lag behind: so much of it must have been answered."""
_POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Claim:
    """What is to be proved. Fields: `tally`: of the app's host; `version`: answers it; `rate`: requests per second."""

    tally: Tally
    version: str
    rate: float


def await_proofs(claims: Mapping[str, Claim]) -> dict[str, Share]:
    """As await_proof, for many apps at once, by name."""
    began = math.ceil(time.time())
    found: dict[str, Share] = {}
    while True:
        for name, claim in claims.items():
            if not _holds(found.get(name)):
                found[name] = _latest(claim.tally, claim.version, claim.rate, began)
        if all(_holds(share) for share in found.values()) or time.time() > began + _DEADLINE_SECONDS:
            return found
        time.sleep(_POLL_SECONDS)


def await_proof(tally: Tally, version: str, rate: float, show: Callable[[Share], None]) -> Share:
    """Counts until a version has answered all requests of some seconds with 200.

    Fields of the answer: `requests`: all of those seconds; `canary`: those that it did not answer, 0 unless the
    deadline has passed. `rate`: requests per second that are sent; `show`: called with every count.
    """
    began = math.ceil(time.time())
    while True:
        found = _latest(tally, version, rate, began)
        show(found)
        if _holds(found) or time.time() > began + _DEADLINE_SECONDS:
            return found
        time.sleep(_POLL_SECONDS)


def _holds(found: Share | None) -> bool:
    return found is not None and found.requests > 0 and not found.canary


def _latest(tally: Tally, version: str, rate: float, began: int) -> Share:
    """The latest seconds whose requests were all answered; no requests before there are enough of them."""
    for end in range(int(time.time()), began + PROOF_SECONDS - 1, -1):
        found = tally.not_well(version, (end - PROOF_SECONDS, end))
        # A second is written down when its last answer is there, so the newest ones are incomplete for a while.
        if found.requests >= rate * PROOF_SECONDS * _MOST:
            return found
    return Share(0, 0, 0)
