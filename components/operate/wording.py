"""How a release is said: in one line, in a table's rows, as JSON data."""

from typing import Any

from .contract import Release, State, Verdict, spoken


def headline(release: Release) -> str:
    """E.g. `shop 1.5.0: in progress, step 2 of 3, weight 25 %`."""
    name = " ".join(part for part in (release.app, release.version) if part)
    if release.state is State.HEALTHY:
        return f"{name}: healthy, gets all traffic"
    if release.state is State.DEGRADED:
        return f"{name}: degraded, {'taken back' if release.aborted else 'but not taken back'}: {release.reason}"
    where = f", step {release.step} of {release.steps}, weight {release.weight} %" if release.step else ""
    return f"{name}: {release.state.value}{where}{f': {release.reason}' if release.reason else ''}"


def advice(release: Release, place: str) -> str:
    """What people may do now; "" where there is nothing to do. `place`: options that lead to the app, and its name."""
    if release.state is State.WAITING:
        return f"`coalmine approve {place}` lets it go on, `coalmine abort {place}` takes it back"
    if release.state is State.DEGRADED and release.aborted:
        return f"correct it and run `pulumi up`; `coalmine retry {place}` begins the same version again"
    return ""


def check_line(release: Release, verdict: Verdict) -> str:
    """E.g. `shop 1.5.0: weight 5 %: error rate 0.2%, at most 1%: 2 passed, 0 failed`."""
    limit = f", at most {verdict.limit}" if verdict.limit else ""
    counts = f"{verdict.passed} passed, {verdict.failed} failed"
    where = f"{release.app} {release.version}: weight {verdict.weight} %"
    return f"{where}: {spoken(verdict.check)} {verdict.value}{limit}: {counts}"


def lines(release: Release) -> list[str]:
    """The release in plain lines: its checks, then how it stands."""
    checks = [check_line(release, verdict) for verdict in release.verdicts if verdict.passed + verdict.failed]
    return [*checks, headline(release)]


def as_data(release: Release) -> dict[str, Any]:
    """The release as JSON data; weights are percents."""
    return {
        "app": release.app,
        "namespace": release.namespace,
        "state": release.state.value,
        "version": release.version,
        "revision": release.revision,
        "step": release.step,
        "steps": release.steps,
        "weight": release.weight,
        "promoted": release.promoted,
        "aborted": release.aborted,
        "reason": release.reason,
        "checks": [
            {
                "name": verdict.check,
                "weight": verdict.weight,
                "passed": verdict.passed,
                "failed": verdict.failed,
                "value": verdict.value,
                "limit": verdict.limit,
                "no_data": verdict.no_data,
                "decisive": verdict.decisive,
                "problem": verdict.problem,
            }
            for verdict in release.verdicts
        ],
    }
