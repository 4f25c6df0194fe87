"""Plays the faults, one after the other, each in the middle of releases of its own."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.compile import Compiled
from components.platform.namespaces import APPS_LABEL
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.load import Load

from . import applied
from .faults import API_SERVER, EVERY, ISTIOD, NAMESPACE, ORDER, Fault, How
from .played import POLL_SECONDS, Played, await_stable, begin, conclude
from .project import Project
from .scenarios import SCRAPE_SECONDS

_BEGIN_SECONDS = 30
_MATTER_SECONDS = 60
_END_SECONDS = 150
_SIGNALS = {How.KILLED: signal.SIGKILL, How.HUNG: signal.SIGSTOP}


@dataclass
class Outage:
    """A fault that was played. Times are seconds since the epoch.

    Fields: `fault`; `releases`: those that met it, by app; `weights`: in force at Envoy when it began; `since`: when it
    was put in; `until`: when it was about to be lifted; `back`: when every piece did its work again; `mattered`:
    whether it was seen to matter; `promoted`: the apps that were promoted while it lasted.
    """

    fault: Fault
    releases: Mapping[str, Played]
    weights: Mapping[str, int | None]
    since: float
    until: float = 0.0
    back: float = 0.0
    mattered: bool = False
    promoted: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.back - self.since


@dataclass(frozen=True)
class Outages:
    """All faults, by name, and what they were played with."""

    cluster: Cluster
    load: Load
    played: Mapping[str, Outage]


class _Stage:
    """The apps in their cluster, with their load, and all releases that were begun."""

    def __init__(self, cluster: Cluster, gateway: Gateway, load: Load, candidates: Mapping[str, Compiled]) -> None:
        self._cluster = cluster
        self._gateway = gateway
        self._load = load
        self._candidates = candidates
        self.releases: dict[str, Played] = {}

    def play(self, fault: Fault) -> Outage:
        """Releases the apps, puts the fault in once their first weights are in force, and lifts it when it mattered."""
        if fault.silences:
            # A release that is not to meet this one must be over.
            self.await_ended()
        mine = {app.name: self._release(app.name, fault) for app in fault.apps}
        begun = self._await(lambda: all(_at_first_weight(one) for one in mine.values()), _BEGIN_SECONDS)
        assert begun, f"{fault.name}: the first weights of {', '.join(mine)} were not in force in time"
        outage = Outage(fault, mine, {name: one.observer.weight() for name, one in mine.items()}, since=time.time())
        self._cluster.send(fault.piece, _SIGNALS[fault.how])
        try:
            self._hold(outage)
        finally:
            outage.until = time.time()
            if fault.how is How.HUNG:
                self._cluster.send(fault.piece, signal.SIGCONT)
            # What was killed is started again, as a kubelet would; for what hung, this waits until it is ready.
            self._cluster.up()
            outage.back = time.time()
        if not fault.silences:
            # The piece may be there before those that need it have found it again.
            self._await(lambda: mine[fault.bad.name].decided, _END_SECONDS)
        return outage

    def await_ended(self) -> None:
        """Until every release is decided, or should have been."""
        self._await(lambda: all(release.decided for release in self.releases.values()), _END_SECONDS)

    def _release(self, name: str, fault: Fault) -> Played:
        [scenario] = [app for app in fault.apps if app.name == name]
        compiled = self._candidates[name]
        release = begin(self._cluster, self._gateway, self._load, scenario, compiled.plan)
        self.releases[name] = release
        applied.release(self._cluster.api, compiled)
        return release

    def _hold(self, outage: Outage) -> None:
        if outage.fault.piece == API_SERVER:
            # Nobody can be asked: an interval and a scrape later at least one check is overdue.
            self._wait_without_looking(lambda: _check_overdue(outage))
            outage.mattered = True
        else:
            outage.mattered = self._await(lambda: _matters(outage), _MATTER_SECONDS)
            outage.promoted = tuple(name for name, release in outage.releases.items() if release.promoted)

    def _wait_without_looking(self, condition: Callable[[], bool]) -> None:
        while not condition():
            time.sleep(POLL_SECONDS)

    def _await(self, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for release in self.releases.values():
                release.look()
            if condition():
                return True
            time.sleep(POLL_SECONDS)
        return False


@contextmanager
def playing_faults(cluster: Cluster, folder: Path) -> Iterator[Outages]:
    """Installs the apps of all faults in a cluster with a platform, plays every fault, and waits until all is over."""
    project = Project(folder / "faults", EVERY)
    stable, candidates = project.compiled(project.stable()), project.compiled(project.candidate())
    applied.make_namespace(cluster.api, NAMESPACE, APPS_LABEL)
    for compiled in stable.values():
        applied.install(cluster.api, compiled)
    rates = {scenario.host: scenario.rate for scenario in EVERY}
    with Gateway(cluster) as gateway, Load(cluster, rates) as load:
        await_stable(cluster, load, EVERY, stable)
        stage = _Stage(cluster, gateway, load, candidates)
        played = {fault.name: stage.play(fault) for fault in ORDER}
        stage.await_ended()
        conclude(load, stage.releases.values())
        yield Outages(cluster, load, played)


def _at_first_weight(release: Played) -> bool:
    return release.observer.weight() == release.scenario.steps[0][0]


def _matters(outage: Outage) -> bool:
    """Whether the fault has kept something from happening that would have happened without it."""
    fault, releases = outage.fault, outage.releases
    if fault.strict is not None:
        return releases[fault.strict.name].state.aborted
    if fault.piece == ISTIOD:
        # The engine has taken the bad version back, and Envoy does not know of it.
        bad = releases[fault.bad.name]
        return bad.state.aborted and bad.observer.weight() == outage.weights[fault.bad.name]
    return _check_overdue(outage)


def _check_overdue(outage: Outage) -> bool:
    interval = max(release.scenario.interval for release in outage.releases.values())
    return time.time() > outage.since + interval + SCRAPE_SECONDS
