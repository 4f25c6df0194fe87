"""The faults that are put into the platform in the middle of releases, and the releases that meet each of them.

A release that meets a fault is one of these:

- `good` bears the fault: nothing is measured or moved for a while, or, where the checks get no data, its spec tolerates
  as many failed checks as the fault costs. It is promoted.
- `bad` answers with errors. It is aborted for them.
- `strict`, where the checks get no data, is as good as `good` but tolerates no failed check. It is aborted for want of
  data, for silence is no success.
"""

from dataclasses import dataclass
from enum import Enum

from localcluster.pods.behaviour import ERROR_RATE

from .scenarios import Scenario

NAMESPACE = "faults"

API_SERVER, CONTROLLER, ENVOY, ISTIOD = "kube-apiserver", "argo-rollouts", "gateway", "istiod"
PROMETHEUS = "prometheus"

_SILENCING = (PROMETHEUS, ENVOY)
_BAD = {ERROR_RATE: "0.6"}
_RATE = 15
_FEW, _ENOUGH = 10, 30
"""Requests that a check needs. A window that is cut short, by a fault or for pods that Prometheus has only just found,
still holds a few of the 75 that the canary gets in an interval; what a fault leaves of one is never enough."""
_PATIENT = "5s"
"""A latency that no answer takes: these releases are about errors and silence."""


class How(Enum):
    """What happens to the process: it is gone, or it is there and does nothing."""

    KILLED = "killed"
    HUNG = "hung"


@dataclass(frozen=True)
class Fault:
    """A fault of one piece of the platform. Fields: `piece`: as `coalmine local status` calls it; `how`."""

    piece: str
    how: How

    @property
    def name(self) -> str:
        """E.g. prometheus-hung."""
        return f"{self.piece}-{self.how.value}"

    @property
    def silences(self) -> bool:
        """Whether the checks get no data while it lasts."""
        return self.piece in _SILENCING

    @property
    def good(self) -> Scenario:
        """Is promoted. With data its checks tolerate nothing, without data two failed checks, which are 20 s."""
        if self.silences:
            return self._app("good", steps=((50, 30),), tolerated=2)
        return self._app("good", steps=((50, 10), (80, 10)))

    @property
    def bad(self) -> Scenario:
        """Is aborted for its errors: where the checks get no data, it outlives that by one tolerated failure."""
        if self.silences:
            return self._app("bad", steps=((50, 20), (80, 20)), tolerated=1, candidate=_BAD)
        return self._app("bad", steps=((50, 10), (80, 10)), candidate=_BAD)

    @property
    def strict(self) -> Scenario | None:
        """Is aborted for want of data; None where the checks get it."""
        return self._app("strict", steps=((50, 10), (80, 10)), minimum=_ENOUGH) if self.silences else None

    @property
    def apps(self) -> tuple[Scenario, ...]:
        """Every app whose release meets it."""
        return tuple(app for app in (self.good, self.bad, self.strict) if app is not None)

    def _app(
        self,
        role: str,
        steps: tuple[tuple[int, int], ...],
        tolerated: int = 0,
        minimum: int = _FEW,
        candidate: dict[str, str] | None = None,
    ) -> Scenario:
        return Scenario(
            f"{self.name}-{role}",
            rate=_RATE,
            steps=steps,
            tolerated=tolerated,
            minimum=minimum,
            slowest=_PATIENT,
            candidate=candidate or {},
            namespace=NAMESPACE,
        )


ORDER = (
    Fault(PROMETHEUS, How.KILLED),
    Fault(CONTROLLER, How.KILLED),
    Fault(PROMETHEUS, How.HUNG),
    Fault(CONTROLLER, How.HUNG),
    Fault(ENVOY, How.KILLED),
    Fault(API_SERVER, How.KILLED),
    Fault(ENVOY, How.HUNG),
    Fault(API_SERVER, How.HUNG),
    Fault(ISTIOD, How.KILLED),
    Fault(ISTIOD, How.HUNG),
)
"""As they are played. While one that silences is got over, which takes its `good` a while, the next one is put in."""

EVERY = tuple(app for fault in ORDER for app in fault.apps)
