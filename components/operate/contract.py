"""What is said about a running release, whatever engine runs it, and what an engine's operator must offer."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import ClassVar

from ..access.client import Api
from ..record import record
from ..spec.checks import COMPARED

TELLER = "coalmine"
"""Who writes Events about what people do to a release; they are no events of an engine."""
GATE = "gate-"
"""How the name of a check begins that is a gate: an address that says yes or no."""


class State(Enum):
    """How a release stands. Values: the word that people and JSON read.

    WAITING is only what `approve` ends; a release that an address holds is in progress.
    """

    HEALTHY = "healthy"
    IN_PROGRESS = "in progress"
    WAITING = "waiting for approval"
    DEGRADED = "degraded"

    @property
    def decided(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in (State.HEALTHY, State.DEGRADED)


@record
class Verdict:
    """One check at one step.

    Fields: `check`: its name, e.g. error-rate; `weight`: percent at which it ran; `passed`, `failed`: measurements;
    `value`: the last failing value in words, else the last one ("" before the first); `limit`: in words, "" where it
    is not known; `no_data`: whether a failing measurement had no value; `decisive`: whether this check alone is
    reason enough to take the release back; `problem`: why it could not be measured, "" if it could.
    """

    check: str
    weight: int
    passed: int
    failed: int
    value: str
    limit: str
    no_data: bool
    decisive: bool = False
    problem: str = ""

    @property
    def reason(self) -> str:
        """E.g. `error rate 4.9% > 1% in 1 of 1 checks at weight 5`."""
        times = f"in {self.failed} of {self.passed + self.failed} checks at weight {self.weight}"
        if self.check.startswith(GATE):
            return f"{spoken(self.check)} did not agree {times} ({self.problem or self.value})"
        if self.problem:
            return f"{spoken(self.check)} could not be measured {times} ({self.problem})"
        if self.no_data:
            return f"no data for {spoken(self.check)} {times}"
        above = f"{self.value} > {self.limit}" if self.limit else f"{self.value} did not pass"
        return f"{spoken(self.check)} {above} {times}"


def why(found: Sequence[Verdict]) -> str:
    """Why a release was taken back: every check that decided it; "" when none did."""
    return "; ".join(verdict.reason for verdict in found if verdict.decisive)


def spoken(check: str) -> str:
    """A check's name as people say it, e.g. `p99 latency`; of a comparison, what is compared."""
    own = check.removesuffix(COMPARED)
    if own != check:
        return f"{spoken(own)} compared with stable's"
    if check == "error-rate":
        return "error rate"
    if check.startswith("latency-"):
        return f"{check.removeprefix('latency-')} latency"
    return f"gate {check.removeprefix(GATE)}" if check.startswith(GATE) else check


@record
class Release:
    """A release as it stands now.

    Fields: `app`, `namespace`; `state`; `version`: what people call it; `revision`: the label that tells its pods and
    metrics from all others; `step`: from 1, 0 before the first; `steps`: how many the release has; `weight`: percent of
    the traffic that its new version gets; `promoted`: whether it is the version that gets everything; `aborted`:
    whether it was taken back; `reason`: why it is degraded or what it waits for, "" otherwise; `verdicts`: of this try.
    """

    app: str
    namespace: str
    state: State
    version: str
    revision: str
    step: int
    steps: int
    weight: int
    promoted: bool
    aborted: bool
    reason: str
    verdicts: tuple[Verdict, ...]


class Refused(Exception):
    """An action that the release is not in a state for; one line that says which it is in."""


class Operator(ABC):
    """Reads and steers the releases of one engine."""

    kind: ClassVar[str]
    """The engine's name in a stack."""
    collection: ClassVar[str]
    """The engine's own objects, one for each app, e.g. `argoproj.io/v1alpha1/rollouts`."""

    @abstractmethod
    def read(self, api: Api, namespace: str, app: str) -> Release | None:
        """The release of an app; None where the cluster does not have it."""

    @abstractmethod
    def approve(self, api: Api, namespace: str, app: str) -> None:
        """Lets a release that waits for approval go on. Raises Refused when it does not wait."""

    @abstractmethod
    def promote(self, api: Api, namespace: str, app: str, full: bool) -> None:
        """Ends the current step without its checks; `full`: all steps. Raises Refused when nothing is in progress."""

    @abstractmethod
    def abort(self, api: Api, namespace: str, app: str) -> None:
        """Takes a release back. Raises Refused when nothing is in progress."""

    @abstractmethod
    def retry(self, api: Api, namespace: str, app: str) -> None:
        """Begins an aborted release again at its first step. Raises Refused when it was not aborted."""
