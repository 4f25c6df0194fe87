"""All apps of a stack at once: how their releases stand, and who gets their requests."""

from collections.abc import Iterator

from ..dashboard import Dashboard, Panel, Target
from ..phases import NAMES
from ..series import ERRORS, PHASE, RELEASES, REQUESTS, recorded
from ..watched import Watched

_APP = "{{app}}"


def dashboards(watched: Watched) -> Iterator[Dashboard]:
    """One."""
    running = recorded(RELEASES, {"state": "running"})
    share = f"100 * {REQUESTS}\n/ on (namespace, app) group_left ()\nsum by (namespace, app) ({REQUESTS})"
    panels = [
        Panel("Releases", "state-timeline", [Target(PHASE, _APP)], names=NAMES, width=24, height=10),
        Panel(
            "Who gets the requests of apps that are released now",
            "timeseries",
            [Target(f"{share}\nand on (namespace, app)\n{running}", "{{app}} {{version}}")],
            "The share of each version; nothing while no release goes on.",
            unit="percent",
        ),
        Panel(
            "Alerts",
            "table",
            [Target('ALERTS{alertstate="firing"}', "", now=True)],
            "What fires now.",
        ),
        Panel("Requests", "timeseries", [Target(f"sum by (app) ({REQUESTS})", _APP)], unit="reqps"),
        Panel("Errors, worst version", "timeseries", [Target(f"max by (app) ({ERRORS})", _APP)], unit="percent"),
    ]
    yield Dashboard("stack", f"Releases on {watched.stack.cluster.name}", panels)
