"""One dashboard for each app: both versions side by side, each check against its limit."""

from collections.abc import Iterator

from ...contracts import Question
from ...manifests.pod import POD_SUFFIX
from ...metrics.prometheus import PrometheusProvider, number_of
from ...spec.checks import Check, Cpu, ErrorRate, Latency, Memory, Query, Restarts, check_name, describe
from ..dashboard import Dashboard, Note, Panel, Target, Variable
from ..phases import NAMES
from ..recordings import quantiles
from ..series import ERRORS, LATENCY, PHASE, RELEASES, REQUESTS, recorded
from ..signals import HASH, REVISION, signals_of
from ..watched import Watched, WatchedApp


def dashboards(watched: Watched) -> Iterator[Dashboard]:
    """Of every app."""
    for app in watched.apps:
        panels = [*_release(app), *_requests(app), *_other_checks(app, watched)]
        yield Dashboard(f"app-{app.name}", f"Release of {app.name}", panels, _variables(app, panels), _notes(app))


def _release(app: WatchedApp) -> Iterator[Panel]:
    phase = Target(recorded(PHASE, app.labels), "release")
    yield Panel("Release", "stat", [phase], names=NAMES, width=6)
    requests = recorded(REQUESTS, app.labels)
    share = f"100 * {requests}\n/ on (namespace, app) group_left ()\nsum by (namespace, app) ({requests})"
    targets = [Target(share, "{{version}} got")]
    weight = signals_of(app.engine).weight
    if weight:
        wanted = f"{weight}\nand on (namespace, app)\n{recorded(PHASE, app.labels)}"
        targets.append(Target(wanted, "the new version is to get"))
    about = "The share of all requests that each version got."
    yield Panel("Who gets the requests", "timeseries", targets, about, unit="percent", width=18)


def _requests(app: WatchedApp) -> Iterator[Panel]:
    of_version = "{{version}}"
    yield Panel("Requests", "timeseries", [Target(recorded(REQUESTS, app.labels), of_version)], unit="reqps", width=8)
    errors = next((check for check in app.plan.checks if isinstance(check, ErrorRate)), None)
    yield Panel(
        "Errors",
        "timeseries",
        [Target(recorded(ERRORS, app.labels), of_version)],
        _about(errors),
        unit="percent",
        limit=float(errors.max.value) if errors else None,
        width=8,
    )
    for quantile in quantiles(app):
        checks = (check for check in app.plan.checks if isinstance(check, Latency) and check.quantile == quantile)
        slowest = next(checks, None)
        yield Panel(
            f"Latency, {quantile}",
            "timeseries",
            [Target(recorded(LATENCY, {**app.labels, "quantile": quantile}), of_version)],
            _about(slowest),
            unit="ms",
            limit=float(slowest.max.milliseconds) if slowest else None,
            width=8,
        )


def _about(check: Check | None) -> str:
    """What the release is held to, on the panel that shows it."""
    return f"Checked: {describe(check)}. The checks look at the new version alone." if check else "Not checked."


def _other_checks(app: WatchedApp, watched: Watched) -> Iterator[Panel]:
    """What else the engine looks at: its own answers where it tells them, else what Prometheus would answer."""
    signals = signals_of(app.engine)
    if signals.found:
        counted = Target(signals.found.replace("{app}", app.name), "{{metric}}: {{phase}}")
        yield Panel("Measurements of the checks", "timeseries", [counted], width=12)
    if signals.events:
        events = Target(signals.events.replace("{app}", app.name), "{{reason}}")
        yield Panel("Events", "timeseries", [events], "What the controller said, over 5 minutes.", width=12)
    if signals.checks:
        told = f'{signals.checks}{{name="{app.name}"}}'
        about = "The latest answer to every check, in its own unit."
        yield Panel("Answers to the checks", "timeseries", [Target(told, "{{metric}}")], about, width=12)
    for check in app.plan.checks:
        if not isinstance(check, ErrorRate | Latency) and _asks_prometheus(check, watched):
            yield _of_check(app, check)


def _asks_prometheus(check: Check, watched: Watched) -> bool:
    metrics = watched.stack.delivery
    return isinstance(metrics.providers[check.provider or metrics.metrics.kind], PrometheusProvider)


def _of_check(app: WatchedApp, check: Check) -> Panel:
    least, limit, unit = _bounds(check)
    return Panel(
        check_name(check),
        "timeseries",
        [Target(_asked(app, check), check_name(check))],
        _about(check),
        unit=unit,
        limit=limit,
        least=least,
    )


def _bounds(check: Check) -> tuple[float | None, float | None, str]:
    """The least and the largest number that pass, and their unit."""
    match check:
        case Query():
            return check.min, check.max, "short"
        case Cpu() | Memory():
            return None, float(check.max.value), "bytes" if isinstance(check, Memory) else "short"
        case Restarts():
            return None, check.max, "short"
    raise TypeError(f"'{check.kind}' has panels of its own")


def _asked(app: WatchedApp, check: Check) -> str:
    """What Prometheus is asked about the version that is chosen above the panels."""
    plan = app.plan
    signals, series = signals_of(app.engine), app.versions.series
    version, window = signals.version(plan), signals.window(plan)
    return number_of(Question(check, plan.name, plan.namespace, window, 1, version, version, series, None))


def _variables(app: WatchedApp, panels: list[Panel]) -> list[Variable]:
    used = " ".join(target.expression for panel in panels for target in panel.targets)
    pods = f'up{{namespace="{app.plan.namespace}"}}'
    revisions = f"label_values({recorded(REQUESTS, app.labels)}, version)"
    every = [
        Variable(REVISION, "Version", revisions),
        Variable(HASH, "ReplicaSet", f"label_values({pods}, pod)", f"^{app.name}-([a-z0-9]+)-{POD_SUFFIX}$"),
    ]
    return [variable for variable in every if f"${variable.name}" in used]


def _notes(app: WatchedApp) -> list[Note]:
    running = recorded(RELEASES, {"state": "running", **app.labels})
    alerts = recorded("ALERTS", {"alertstate": "firing", **app.labels})
    return [
        Note("A release goes on", running, "blue"),
        Note("Alerts", alerts, "red"),
    ]
