"""One release of the demo: changed with Pulumi, followed to its end, measured by the requests that it got."""

import time
from collections.abc import Callable

from components.operate.contract import why

from .measure import Observer
from .proof import await_proof
from .results import VersionResult
from .rollout import RolloutState, follow, read_rollout
from .scene import RATE, Scene
from .shares import Share
from .tally import Tally
from .versions import ABORTED, DEPLOYED, PROMOTED

_UP_SECONDS = 300
_SPARE_SECONDS = 60
"""How much longer than its holds a release may take: pods start, routes are pushed."""


class DemoFailed(Exception):
    """The demo cannot go on; the text says why in one line."""


class Release:
    """One version on its way.

    Fields: `scene`; `result`: kept up to date; `stable`: tag of the version that answers now, "" for none; `show`:
    called when the result has changed.
    """

    def __init__(self, scene: Scene, result: VersionResult, stable: str, show: Callable[[], None]) -> None:
        self._scene = scene
        self._result = result
        self._version = result.version
        self._stable = stable
        self._show = show
        self._config, self._plan = scene.stage.with_version(result.version)
        self._tally = Tally(scene.load, self._plan.traffic.hosts[0])
        self._started = time.time()
        self._observer = Observer(
            scene.api, scene.gateway, self._tally, self._plan, result.version.tag, since=self._started
        )

    def play(self) -> str:
        """Releases the version; returns the tag of the version that answers afterwards."""
        first = not self._stable
        # Nothing is there before the first version, and an error of the gateway is none of the app's.
        self._flow(self._version.traffic and not first)
        state = self._decide()
        self._conclude(state, first)
        self._flow(True)
        answering = self._stable if self._result.outcome == ABORTED else self._version.tag
        self._prove(answering)
        # By now the last answers of the last step are there.
        self._result.steps = self._observer.steps(state)
        if self._result.outcome == ABORTED:
            self._result.seconds_to_abort = round(self._observer.seconds_to_abort(), 1)
        elif self._result.outcome == PROMOTED:
            self._result.seconds_to_promote = round(self._observer.seconds_to_promote(), 1)
        self._say("")
        return answering

    def _decide(self) -> RolloutState:
        """Runs Pulumi and waits until the new version is promoted or taken back."""
        self._say("pulumi up")
        self._scene.pulumi.up(self._config).wait(_UP_SECONDS, lambda: self._update(self._read()))
        holds = sum(stage.hold.milliseconds for stage in self._plan.stages) / 1000
        return self._follow(self._decided, holds + _SPARE_SECONDS)

    def _decided(self, state: RolloutState) -> bool:
        """Whether the engine has decided, and Envoy sends nothing to a canary any more."""
        return state.decided(self._plan.revision) and self._observer.weight() == 0

    def _follow(self, condition: Callable[[RolloutState], bool], seconds: float) -> RolloutState:
        for state in follow(self._read, seconds):
            if condition(state):
                return state
            self._update(state)
        raise DemoFailed(
            f"version {self._version.number} is not decided after {seconds:.0f} s ({self._result.state}): "
            f"see `kubectl-argo-rollouts get rollout {self._plan.name} -n {self._plan.namespace}`"
        )

    def _read(self) -> RolloutState:
        return read_rollout(self._scene.api, self._plan.namespace, self._plan.name)

    def _update(self, state: RolloutState) -> None:
        self._result.steps = self._observer.steps(state)
        if state.current and state.revision == self._plan.revision and state.weight:
            self._result.state = f"weight {state.weight} %"
        self._result.seconds = time.time() - self._started
        self._show()

    def _conclude(self, state: RolloutState, first: bool) -> None:
        self._update(state)
        if state.taken_back(self._plan.revision):
            self._result.outcome = ABORTED
            self._result.reason = why(self._observer.verdicts(state)) or state.message
        else:
            self._result.outcome = DEPLOYED if first else PROMOTED

    def _flow(self, on: bool) -> None:
        self._scene.load.set_rate(self._tally.host, RATE if on else 0)

    def _prove(self, answering: str) -> None:
        """Waits until the version that should answer has answered everything for some seconds."""
        back = self._result.outcome == ABORTED
        self._say(f"is all traffic back at {answering}?" if back else "does it answer everything?")
        await_proof(self._tally, answering, RATE, self._counted)

    def _counted(self, after: Share) -> None:
        self._result.after = after
        self._show()

    def _say(self, state: str) -> None:
        self._result.state = state
        self._result.seconds = time.time() - self._started
        self._show()
