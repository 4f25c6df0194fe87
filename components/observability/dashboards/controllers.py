"""One dashboard for each engine's controller, and what is seen of all of them."""

from collections.abc import Iterator

from ..dashboard import Dashboard, Panel, Target
from ..signals import signals_of
from ..watched import Watched


def dashboards(watched: Watched) -> Iterator[Dashboard]:
    """Of the engines that the platform installs."""
    for engine in watched.engines:
        alive = watched.controllers.get(engine)
        if alive:
            yield Dashboard(f"controller-{engine}", f"Controller {engine}", list(_panels(engine, alive)))


def _panels(engine: str, alive: str) -> Iterator[Panel]:
    yield Panel("Running", "stat", [Target(f"count({alive})", "pods")], "Pods that report.", width=6)
    # Of its pods alone: other processes report these series too.
    own = f"* on (instance) group_left () group by (instance) ({alive})"
    cpu = f"rate(process_cpu_seconds_total[1m]) {own}"
    yield Panel("CPU", "timeseries", [Target(cpu, "{{pod}}")], "In cores.", width=9)
    memory = f"process_resident_memory_bytes {own}"
    yield Panel("Memory", "timeseries", [Target(memory, "{{pod}}")], unit="bytes", width=9)
    for title, unit, expression, legend in signals_of(engine).work:
        yield Panel(title, "timeseries", [Target(expression, legend)], unit=unit)
