"""Plays every scenario at once in one cluster, and keeps what became of each."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from components.compile import Compiled
from components.plan import Plan
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.demo.measure import Observer
from localcluster.demo.proof import await_proof
from localcluster.demo.pulumi_cli import Pulumi, PulumiFailed, Run
from localcluster.demo.results import StepResult
from localcluster.demo.rollout import RolloutState
from localcluster.demo.shares import Share
from localcluster.demo.tally import Tally
from localcluster.load import Load

from . import series
from .engines import AROUND, by_flagger, observer_of, read_state
from .project import Project
from .scenarios import (
    BY_FLAGGER,
    BY_PULUMI,
    BY_SERIES,
    CANDIDATE,
    ERRORS,
    EVERY,
    FLAGGER_ERRORS,
    FLAGGER_GOOD,
    FLAGGER_QUIET,
    GOOD,
    MISLABELLED,
    NAN,
    QUIET,
    STABLE,
    Scenario,
)

_UP_SECONDS = 240
_READY_SECONDS = 90
_SPARE_SECONDS = 60
"""How much longer than its holds a release may take: pods start, routes are pushed, two cores do it all."""
_PREVIEW_SECONDS = 120
_POLL_SECONDS = 0.4
_MIDWAY = range(25, 100)
"""Weights at which the engine has rewritten the routes at least once."""
_PROOF_RATE = 20


@dataclass
class Played:
    """One scenario's release.

    Fields: `scenario`; `plan`: of the released version; `observer`: of the release; `state`: the last one seen;
    `decided`: whether the engine had decided and Envoy sent nothing to a canary any more; `steps`; `after`: requests
    when all was over, `canary` being those that the version which should answer did not answer with 200.
    """

    scenario: Scenario
    plan: Plan
    observer: Observer
    state: RolloutState = field(default_factory=RolloutState)
    decided: bool = False
    steps: list[StepResult] = field(default_factory=list)
    after: Share | None = None

    @property
    def promoted(self) -> bool:
        """Whether the released version became the stable one."""
        return self.state.promoted(self.plan.revision)

    @property
    def taken_back(self) -> bool:
        """Whether the release was aborted."""
        return self.state.taken_back(self.plan.revision)


@dataclass(frozen=True)
class Rig:
    """What was played, and what with.

    Fields: `cluster`; `load`; `played`: by name; `differences`: what Pulumi said when it was asked whether live
    objects differ from what it knows, "midway" in a release, "midway with Flagger" and "afterwards", "" for nothing.
    """

    cluster: Cluster
    load: Load
    played: Mapping[str, Played]
    differences: Mapping[str, str]

    def versions_seen(self, scenario: Scenario) -> set[str]:
        """The versions under which Prometheus has got series of an app since the tests began."""
        series = f'istio_requests_total{{destination_canonical_service="{scenario.name}"}}'
        expression = f"count by (destination_version) (last_over_time({series}[15m]))"
        url = f"http://127.0.0.1:{self.cluster.port('prometheus')}/api/v1/query"
        answer = httpx.get(url, params={"query": expression}, timeout=10).raise_for_status().json()
        return {found["metric"]["destination_version"] for found in answer["data"]["result"]}


@contextmanager
def playing(cluster: Cluster, folder: Path) -> Iterator[Rig]:
    """Installs the platform and all apps, releases a new version of each, and waits until all is decided."""
    project, others = Project(folder / "pulumi", BY_PULUMI + BY_FLAGGER), Project(folder / "series", BY_SERIES)
    pulumi = Pulumi(project.root, cluster.environment(), folder / "logs")
    pulumi.select()
    pulumi.up(project.stable()).wait(_UP_SECONDS)
    before = others.compiled(others.stable())
    after = others.compiled(others.candidate())
    series.make_namespace(cluster.api)
    for compiled in before.values():
        series.install(cluster.api, compiled)
    made_up = [series.mislabelled(after[MISLABELLED.name]), series.not_a_number(after[NAN.name])]
    with ExitStack() as stack:
        stack.enter_context(series.exporter(cluster, made_up))
        gateway = stack.enter_context(Gateway(cluster))
        load = stack.enter_context(Load(cluster, {scenario.host: scenario.rate for scenario in EVERY}))
        _await_stable(cluster, load, {**project.compiled(project.stable()), **before})
        config = project.candidate()
        plans = {name: compiled.plan for name, compiled in {**project.compiled(config), **after}.items()}
        played = {scenario.name: _start(cluster, gateway, load, scenario, plans[scenario.name]) for scenario in EVERY}
        run = pulumi.up(config)
        for compiled in after.values():
            series.release(cluster.api, compiled)
        run.wait(_UP_SECONDS)
        differences = {
            "midway": _midway(pulumi, config, played, GOOD, ERRORS),
            "midway with Flagger": _midway(pulumi, config, played, FLAGGER_GOOD, FLAGGER_ERRORS),
        }
        _await(lambda: all(release.decided for release in played.values()), played)
        for quiet in (QUIET, FLAGGER_QUIET):
            load.set_rate(quiet.host, _PROOF_RATE)
        for release in played.values():
            _conclude(release)
        everywhere = (GOOD, ERRORS, FLAGGER_GOOD, FLAGGER_ERRORS)
        differences["afterwards"] = _difference(_preview(pulumi, config, *everywhere))
        yield Rig(cluster, load, played, differences)


def _midway(pulumi: Pulumi, config: Path, played: Mapping[str, Played], good: Scenario, bad: Scenario) -> str:
    """What Pulumi would change in the middle of a release that goes well, and in one that does not."""
    if not _await(lambda: played[good.name].observer.weight() in _MIDWAY, played):
        return "the release never came so far"
    return _difference(_preview(pulumi, config, good, bad), lambda: _look_at(played))


def _preview(pulumi: Pulumi, config: Path, *scenarios: Scenario) -> Run:
    """Compares the live objects of some apps, some promoted and some taken back."""
    targets = [option for scenario in scenarios for option in ("--target", f"**::{scenario.name}/**")]
    return pulumi.preview(config, "--refresh", *targets, "--expect-no-changes", "--diff")


def _difference(run: Run, meanwhile: Callable[[], None] = lambda: None) -> str:
    try:
        run.wait(_PREVIEW_SECONDS, meanwhile)
    except PulumiFailed as failed:
        return str(failed)
    return ""


def _start(cluster: Cluster, gateway: Gateway, load: Load, scenario: Scenario, plan: Plan) -> Played:
    tally = Tally(load, scenario.host)
    observer = observer_of(plan)(cluster.api, gateway, tally, plan, CANDIDATE, since=time.time())
    return Played(scenario, plan, observer)


def _await_stable(cluster: Cluster, load: Load, apps: Mapping[str, Compiled]) -> None:
    """Until the first version of every app is deployed, and answers where requests are sent."""
    plans = [compiled.plan for compiled in apps.values()]
    _until(
        lambda: all(read_state(cluster.api, plan).promoted(plan.revision) for plan in plans),
        _READY_SECONDS,
        "deployed",
    )
    for scenario in EVERY:
        if scenario.rate:
            proof = await_proof(Tally(load, scenario.host), STABLE, scenario.rate, lambda _share: None)
            assert not proof.canary, (
                f"{scenario.name}: version {STABLE} left {proof.canary} of {proof.requests} requests"
            )


def _await(condition: Callable[[], bool], played: Mapping[str, Played]) -> bool:
    """Follows every release until a condition holds, and says whether it did; the longest one sets the deadline."""
    deadline = time.monotonic() + max(_seconds(release) for release in played.values()) + _SPARE_SECONDS
    while time.monotonic() < deadline:
        _look_at(played)
        if condition():
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _seconds(release: Played) -> float:
    """How long a release takes that goes well."""
    holds = [hold for _, hold in release.scenario.steps]
    return sum(holds) + (AROUND * holds[0] if by_flagger(release.plan) else 0)


def _look_at(played: Mapping[str, Played]) -> None:
    for release in played.values():
        if not release.decided:
            _look(release)


def _look(release: Played) -> None:
    observer = release.observer
    release.state = read_state(observer.api, release.plan)
    release.decided = release.state.decided(release.plan.revision) and observer.weight() == 0


def _conclude(release: Played) -> None:
    """Looks once more when all answers are there."""
    rate = release.scenario.rate or _PROOF_RATE
    answering = CANDIDATE if release.promoted else STABLE
    release.after = await_proof(release.observer.tally, answering, rate, lambda _share: None)
    release.steps = release.observer.steps(release.state)


def _until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not {what} within {seconds:.0f} s"
        time.sleep(_POLL_SECONDS)
