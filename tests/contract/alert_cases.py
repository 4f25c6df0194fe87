"""Series that make an alert fire, and series like them that do not, on the stack of the example with both engines.

There `reports` is released by Argo Rollouts and `shop` by Flagger. The series are as Prometheus has them once it has
scraped the controllers: the pod's own namespace, and the reported one in `exported_namespace`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

INTERVAL_SECONDS = 15
"""Between two samples, and two evaluations."""

Series = tuple[str, str]
"""A series, and its samples in the notation of promtool: `1x40` is forty more of 1."""

_BEGUN = "{namespace}-7d4f9c5b6d-2-1"
"""An AnalysisRun of the second step."""


@dataclass(frozen=True)
class Case:
    """One alert in one situation.

    Fields: `situation`; `alert`: its name; `series`; `at`: when it is looked, as promtool writes durations; `fires`:
    the labels of every alert that then fires, beside those that all of its have.
    """

    situation: str
    alert: str
    series: Sequence[Series]
    at: str
    fires: Sequence[Mapping[str, str]] = field(default_factory=tuple)


def rollout(metric: str, samples: str, app: str = "reports", **labels: str) -> Series:
    """What Argo Rollouts reports of an app."""
    return _series(metric, samples, namespace="argo-rollouts", exported_namespace=app, name=app, **labels)


def run(samples: str, phase: str, app: str = "reports") -> Series:
    """How many measurements of the error rate are in a phase, in the analysis of a release."""
    name = _BEGUN.format(namespace=app)
    labels = {"metric": "error-rate", "type": "Prometheus", "dry_run": "false", "phase": phase}
    where = {"namespace": "argo-rollouts", "exported_namespace": app, "name": name}
    return _series("analysis_run_metric_phase", samples, **where, **labels)


def canary(metric: str, samples: str, app: str = "shop", **labels: str) -> Series:
    """What Flagger reports of an app."""
    return _series(metric, samples, namespace="flagger-system", exported_namespace=app, **{"name": app, **labels})


def weight(samples: str, workload: str = "shop") -> Series:
    """The share that Flagger gives to what runs one of the versions."""
    where = {"namespace": "flagger-system", "exported_namespace": "shop"}
    return _series("flagger_canary_weight", samples, workload=workload, **where)


def requests(samples: str, app: str, **version: str) -> Series:
    """Requests to one version."""
    labels = {
        "reporter": "destination",
        "destination_workload_namespace": app,
        "destination_canonical_service": app,
        "response_code": "200",
    }
    return _series("istio_requests_total", samples, **labels, **version)


def _series(reported: str, samples: str, **labels: str) -> Series:
    told = ", ".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{reported}{{{told}}}", samples


REPORTS = {"app": "reports", "namespace": "reports", "owner": "team-reports"}
SHOP = {"app": "shop", "namespace": "shop", "owner": "team-shop"}
CONTROLLERS = (
    ("argo_rollouts_controller_info", "1x400"),
    ("flagger_info", "1x400"),
    ('istio_build{component="pilot"}', "1x400"),
)
BOTH_REVISIONS = tuple(requests("0+10x400", "reports", destination_version=one) for one in ("1-a", "2-b"))
BOTH_WORKLOADS = tuple(requests("0+10x400", "shop", destination_workload=one) for one in ("shop", "shop-primary"))

CASES = (
    Case(
        "Argo Rollouts took it back",
        "ReleaseAborted",
        [rollout("rollout_info", "1x40", phase="Abort")],
        "5m",
        [REPORTS],
    ),
    Case("Argo Rollouts goes on", "ReleaseAborted", [rollout("rollout_info", "1x40", phase="Progressing")], "5m"),
    Case(
        "an app of others was taken back",
        "ReleaseAborted",
        [rollout("rollout_info", "1x40", "mail", phase="Abort")],
        "5m",
    ),
    Case("Flagger took it back", "ReleaseAborted", [canary("flagger_canary_status", "2x40")], "5m", [SHOP]),
    Case("Flagger promoted it", "ReleaseAborted", [canary("flagger_canary_status", "1x40")], "5m"),
    Case(
        "it goes on for longer than 17m of holds and 10m of deadline",
        "ReleaseStuck",
        [rollout("rollout_info", "1x400", phase="Progressing")],
        "29m",
        [REPORTS],
    ),
    Case("it may still take so long", "ReleaseStuck", [rollout("rollout_info", "1x400", phase="Progressing")], "26m"),
    Case("it is over", "ReleaseStuck", [rollout("rollout_info", "1x400", phase="Completed")], "90m"),
    Case(
        "with Flagger a gate holds it: the weight stays",
        "ReleaseStuck",
        [canary("flagger_canary_status", "1x400"), weight("25x400"), weight("75x400", "shop-primary")],
        "70m",
        [SHOP],
    ),
    Case(
        "Flagger: the stable version alone has a weight",
        "ReleaseStuck",
        [canary("flagger_canary_status", "1x400"), weight("0x400"), weight("100x400", "shop-primary")],
        "70m",
    ),
    Case("nobody approved", "ReleaseWaiting", [rollout("rollout_info", "1x400", phase="Paused")], "62m", [REPORTS]),
    Case("people have an hour", "ReleaseWaiting", [rollout("rollout_info", "1x400", phase="Paused")], "55m"),
    Case(
        "a gate of Flagger's said nothing",
        "ReleaseWaiting",
        [canary("flagger_canary_status", "1x400"), weight("50x400")],
        "62m",
        [SHOP],
    ),
    Case(
        "Flagger goes on",
        "ReleaseWaiting",
        [canary("flagger_canary_status", "0x400"), weight("50x400")],
        "62m",
    ),
    Case(
        "a pod is missing",
        "AppNotReady",
        [rollout("rollout_info_replicas_available", "2x100"), rollout("rollout_info_replicas_desired", "3x100")],
        "12m",
        [REPORTS],
    ),
    Case(
        "a pod was missing for a while",
        "AppNotReady",
        [rollout("rollout_info_replicas_available", "2x20 3x80"), rollout("rollout_info_replicas_desired", "3x100")],
        "12m",
    ),
    Case(
        "Argo Rollouts refuses it",
        "AppNotReady",
        [rollout("rollout_info", "1x100", phase="InvalidSpec")],
        "12m",
        [REPORTS],
    ),
    Case("Flagger never got its stable pods", "AppNotReady", [("flagger_info", "1x100")], "12m", [SHOP]),
    Case(
        "Flagger has it",
        "AppNotReady",
        [("flagger_info", "1x100"), canary("flagger_canary_status", "1x100")],
        "12m",
    ),
    Case(
        "a check got no answer",
        "AnalysisWithoutData",
        [rollout("rollout_info", "1x40", phase="Progressing"), run("1x40", "Error")],
        "2m",
        [REPORTS],
    ),
    Case(
        "a check of a release that is over got no answer",
        "AnalysisWithoutData",
        [rollout("rollout_info", "1x40", phase="Completed"), run("1x40", "Error")],
        "2m",
    ),
    Case(
        "it is measured, and the stable version alone gets requests",
        "AnalysisWithoutData",
        [rollout("rollout_info", "1x40", phase="Progressing"), run("1x40", "Running"), BOTH_REVISIONS[0]],
        "3m",
        [REPORTS],
    ),
    Case(
        "it is measured, and both get requests",
        "AnalysisWithoutData",
        [rollout("rollout_info", "1x40", phase="Progressing"), run("1x40", "Running"), *BOTH_REVISIONS],
        "3m",
    ),
    Case(
        "Flagger routes requests, and none come",
        "AnalysisWithoutData",
        [canary("flagger_canary_status", "0x400"), weight("5x400"), BOTH_WORKLOADS[1]],
        "10m",
        [SHOP],
    ),
    Case(
        "Flagger routes requests, and they come",
        "AnalysisWithoutData",
        [canary("flagger_canary_status", "0x400"), weight("5x400"), *BOTH_WORKLOADS],
        "10m",
    ),
    Case(
        "a controller is gone",
        "ControllerDown",
        CONTROLLERS[1:],
        "6m",
        [{"controller": "argo-rollouts"}],
    ),
    Case(
        "a controller was away for two minutes",
        "ControllerDown",
        [*CONTROLLERS[1:], (CONTROLLERS[0][0], "1x8 _x8 1x20")],
        "6m",
    ),
    Case("every target is down", "NothingScraped", [('up{job="apps"}', "0x40")], "6m", [{}]),
    Case("one target answers", "NothingScraped", [('up{job="apps"}', "0x40"), ('up{job="annotated"}', "1x40")], "6m"),
)
