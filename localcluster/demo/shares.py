"""How far a measured share of requests is from the weight that was asked for."""

import math
from dataclasses import dataclass

LARGEST_Z = 4.5
"""Standard errors within which a share agrees with its weight: chance alone leaves them once in 150,000 steps."""
FEWEST_REQUESTS = 5_000
"""Requests that a step needs before its share says something."""


@dataclass(frozen=True)
class Share:
    """What one step sent to the canary.

    Fields: `weight`: percent asked for, 0-100; `requests`: all requests counted while the weight was in force;
    `canary`: those that the canary answered.
    """

    weight: int
    requests: int
    canary: int

    @property
    def measured(self) -> float:
        """The share that the canary got, 0-1; NaN without requests."""
        return self.canary / self.requests if self.requests else math.nan

    @property
    def z(self) -> float:
        """Standard errors between share and weight; NaN without requests, infinite off an exact 0 or 100."""
        expected = self.weight / 100
        spread = math.sqrt(self.requests * expected * (1 - expected))
        off = self.canary - self.requests * expected
        if spread:
            return off / spread
        return 0.0 if self.requests and off == 0 else math.copysign(math.inf, off) if off else math.nan

    @property
    def agrees(self) -> bool:
        """Whether enough requests were counted and their share is within LARGEST_Z of the weight."""
        return self.requests >= FEWEST_REQUESTS and abs(self.z) <= LARGEST_Z
