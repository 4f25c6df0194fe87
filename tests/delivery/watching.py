"""Asks the cluster's Prometheus what dashboards and rules ask, as it was in the middle of a release."""

from collections.abc import Iterator

import httpx
import yaml

from components.observability.dashboard import all_dashboards
from components.observability.rules import rule_files
from components.observability.watched import Watched
from components.spec import promql
from localcluster.cluster import Cluster

from .played import Played
from .prometheus import query

_FIRING = "ALERTS"
"""Has series when something is wrong."""


def middle_of(played: Played) -> float:
    """Seconds since the epoch, shortly before the second step of a release was over."""
    stretch = played.observer.canary_stretches()[1]
    # The last one is longer than its hold with Flagger, which replaces the stable pods meanwhile.
    return min(stretch.until, stretch.since + played.plan.stages[1].hold.seconds) - 1


def panels(cluster: Cluster, watched: Watched, app: str, at: float) -> Iterator[tuple[str, int]]:
    """How many series every query had, of the dashboard of an app and of those that are about all of them."""
    others = {f"app-{other.name}" for other in watched.apps if other.name != app}
    for dashboard in all_dashboards(watched):
        if dashboard.name in others:
            continue
        for panel in dashboard.panels:
            for number, target in enumerate(panel.targets, start=1):
                found = query(cluster, target.expression, at)
                if not target.expression.startswith(_FIRING):
                    yield f"{dashboard.name}, {panel.title}, {number}", len(found)


def unknown_metrics(cluster: Cluster, watched: Watched, at: float) -> list[str]:
    """The metrics that a rule looks at and that nobody reported."""
    expressions = {str(rule["expr"]) for rule in written_rules(watched)}
    metrics = {one.metric for expression in expressions for one in promql.selectors(expression)}
    return sorted(metric for metric in metrics if not query(cluster, f"count({metric})", at))


def written_rules(watched: Watched) -> list[dict[str, object]]:
    """The rules as they are put into the server's files."""
    files = [yaml.safe_load(text) for text in rule_files(watched).values()]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def rules(cluster: Cluster) -> list[dict[str, str]]:
    """The rules as the server evaluates them, each with its `health`."""
    url = f"http://127.0.0.1:{cluster.port('prometheus')}/api/v1/rules"
    answer = httpx.get(url, timeout=10).raise_for_status().json()
    return [rule for group in answer["data"]["groups"] for rule in group["rules"]]
