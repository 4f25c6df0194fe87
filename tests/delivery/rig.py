"""Plays every scenario at once in one cluster, and keeps what became of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from components.compile import Compiled
from components.platform.namespaces import APPS_LABEL
from localcluster.cluster import Cluster
from localcluster.demo.gateway import Gateway
from localcluster.demo.pulumi_cli import Pulumi, PulumiFailed, Run
from localcluster.load import Load
from tests.cluster.pulumi_runs import SAVED_ONCE

from . import applied, planes, series
from .engines import AROUND, by_flagger
from .flapping import EVERY as FLAPPING
from .flapping import NAMESPACE as FLAPPING_NAMESPACE
from .flapping import flapping
from .messages import Messages, receiving
from .played import POLL_SECONDS, Played, await_stable, begin, conclude
from .project import Project
from .prometheus import query
from .scenarios import (
    BY_FLAGGER,
    BY_PLANE,
    BY_PULUMI,
    BY_SERIES,
    CONTOUR,
    ERRORS,
    EVERY,
    FLAGGER_ERRORS,
    FLAGGER_GOOD,
    GOOD,
    MISLABELLED,
    NAN,
    SERIES_NAMESPACE,
    Scenario,
)

_EVERY = EVERY + FLAPPING

_UP_SECONDS = 240
_SPARE_SECONDS = 120
"""How much longer than its holds a release may take: pods start, routes are pushed, two cores do it all."""
_PREVIEW_SECONDS = 240
_MIDWAY = range(25, 100)
"""Weights at which the engine has rewritten the routes at least once."""


@dataclass(frozen=True)
class Rig:
    """What was played, and what with.

    Fields: `cluster`; `load`; `played`: by name; `differences`: what Pulumi said when it was asked whether live
    objects differ from what it knows, "midway" in a release, "midway with Flagger" and "afterwards", "" for nothing;
    `messages`: what the cluster's channels got; `over`: when all was decided and proved, seconds since the epoch.
    """

    cluster: Cluster
    load: Load
    played: Mapping[str, Played]
    differences: Mapping[str, str]
    messages: Messages
    over: float

    def versions_seen(self, scenario: Scenario) -> set[str]:
        """The versions under which Prometheus has got series of an app until all was over."""
        series = f'istio_requests_total{{destination_canonical_service="{scenario.name}"}}'
        expression = f"count by (destination_version) (last_over_time({series}[15m]))"
        return {found["metric"]["destination_version"] for found in query(self.cluster, expression, self.over)}


@contextmanager
def playing(cluster: Cluster, folder: Path) -> Iterator[Rig]:
    """Installs the platform and all apps, releases a new version of each, and waits until all is decided."""
    project = Project(folder / "pulumi", BY_PULUMI + BY_FLAGGER)
    environment = {**cluster.environment(), **SAVED_ONCE}
    pulumi = Pulumi(project.root, environment, folder / "logs")
    planes.install(cluster.api)
    pulumi.select()
    pulumi.up(project.stable()).wait(_UP_SECONDS)
    planes.open_gateway(cluster.api)
    before, after = _install_others(cluster, folder)
    made_up = [series.mislabelled(after[MISLABELLED.name]), series.not_a_number(after[NAN.name])]
    with ExitStack() as stack:
        stack.enter_context(series.exporter(cluster, made_up))
        messages = stack.enter_context(receiving(cluster, folder, [one.name for one in BY_FLAGGER]))
        watching = stack.enter_context(ExitStack())
        gateway = watching.enter_context(Gateway(cluster, planes.ADMIN_PORTS))
        through = planes.gateway_of_contour(cluster.api)
        ways = {scenario.host: through for scenario in _EVERY if scenario.router == CONTOUR}
        load = watching.enter_context(Load(cluster, {one.host: one.rate for one in _EVERY}, through=ways))
        await_stable(cluster, load, _EVERY, {**project.compiled(project.stable()), **before})
        config = project.candidate()
        plans = {name: compiled.plan for name, compiled in {**project.compiled(config), **after}.items()}

        def begun(scenarios: Iterable[Scenario]) -> dict[str, Played]:
            return {one.name: begin(cluster, gateway, load, one, plans[one.name]) for one in scenarios}

        def released(scenarios: Iterable[Scenario]) -> dict[str, Played]:
            found = begun(scenarios)
            for name in found:
                applied.release(cluster.api, after[name])
            return found

        played = begun(BY_PULUMI + BY_FLAGGER)
        pulumi.up(config, gently=True).wait(_UP_SECONDS)
        # An engine that begins many releases at once comes to each of them late, and cuts its first hold short.
        for others in (BY_PLANE, BY_SERIES):
            _await_under_way(played)
            played |= released(others)
        differences = {
            "midway": _midway(pulumi, config, played, GOOD, ERRORS),
            "midway with Flagger": _midway(pulumi, config, played, FLAGGER_GOOD, FLAGGER_ERRORS),
        }
        # Their scripts go by the seconds, for which an engine must not be busy with all others.
        flaps = released(FLAPPING)
        watching.enter_context(flapping(cluster.api, flaps.values()))
        played |= flaps
        _await(lambda: all(one.decided for one in played.values()), played)
        conclude(load, played.values())
        # What others play later in this cluster needs the processors.
        watching.close()
        everywhere = (GOOD, ERRORS, FLAGGER_GOOD, FLAGGER_ERRORS)
        differences["afterwards"] = _difference(_preview(pulumi, config, *everywhere))
        yield Rig(cluster, load, played, differences, messages, over=time.time())


def _install_others(cluster: Cluster, folder: Path) -> tuple[dict[str, Compiled], dict[str, Compiled]]:
    """Applies the apps that Pulumi does not run, and gives them as they are and as they are going to be."""
    projects = [Project(folder / "others", [*BY_SERIES, *(one for one in FLAPPING if not one.router)])]
    projects += [
        Project(folder / name, [one for one in BY_PLANE + FLAPPING if one.router == name], router)
        for name, router in planes.ROUTERS.items()
    ]
    # Without the label that would have every pod in it scraped.
    applied.make_namespace(cluster.api, SERIES_NAMESPACE, {})
    for name in (*planes.ROUTERS, FLAPPING_NAMESPACE):
        applied.make_namespace(cluster.api, name, APPS_LABEL)
    before, after = (
        {name: one for project in projects for name, one in project.compiled(config(project)).items()}
        for config in (Project.stable, Project.candidate)
    )
    for compiled in before.values():
        applied.install(cluster.api, compiled)
    return before, after


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


def _await(condition: Callable[[], bool], played: Mapping[str, Played]) -> bool:
    """Follows every release until a condition holds, and says whether it did; the longest one sets the deadline."""
    deadline = time.monotonic() + max(_seconds(release) for release in played.values()) + _SPARE_SECONDS
    while time.monotonic() < deadline:
        _look_at(played)
        if condition():
            return True
        time.sleep(POLL_SECONDS)
    return False


def _await_under_way(played: Mapping[str, Played]) -> None:
    """Until the first weight of every release is in force, or was."""
    _await(lambda: all(one.decided or one.observer.canary_stretches() for one in played.values()), played)


def _seconds(release: Played) -> float:
    """How long a release takes that goes well."""
    holds = [hold for _, hold in release.scenario.steps]
    return sum(holds) + (AROUND * holds[0] if by_flagger(release.plan) else 0)


def _look_at(played: Mapping[str, Played]) -> None:
    for release in played.values():
        release.look()
