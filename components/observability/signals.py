"""What an engine's controller tells of releases as metrics; one file of engines/ per engine, found by being there."""

import pkgutil
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module

from ..contracts import Version
from ..plan import Plan
from ..record import record
from ..spec.values import Duration

REVISION, HASH = "revision", "hash"
"""What people choose on a dashboard: the label `version` of pods, and the hash in the name of their ReplicaSet."""


@record
class Signals:
    """PromQL about releases. Every expression has the labels `namespace` and `app`, and a series where it holds.

    Fields: `aborted`: the latest release was taken back; `running`: a release goes on; `waiting`: it waits for a
    person or a gate; `judged`: the new version is measured now; `unanswered`: a check of it got no answer that says
    good or bad; `unready`: the app lacks pods, or the controller cannot work with it; `weight`: the share of requests
    that the new version is to get, in percent; `checks`: the metric of the checks' latest answers; `found`: how many
    measurements of each `metric` are in which `phase`, of `{app}`; `events`: how many of each `reason` it had of
    late; all of them are "" where the controller does not tell; `longest`: how long a release may take that goes
    well; `window`: how far back one look at the checks goes; `version`: the new version in the words of a query, by
    the variables REVISION and HASH where it has to be chosen; `work`: what the controller itself does: title, unit,
    expression and legend.
    """

    aborted: str
    running: str
    waiting: str
    judged: str
    unanswered: str
    unready: str
    weight: str
    checks: str
    found: str
    events: str
    longest: Callable[[Plan], Duration]
    window: Callable[[Plan], Duration]
    version: Callable[[Plan], Version]
    work: Sequence[tuple[str, str, str, str]]


@cache
def signals_of(engine: str) -> Signals:
    """Those of an engine. Raises ModuleNotFoundError for one that has no file here."""
    from . import engines

    found: Signals = import_module(f"{engines.__name__}.{engine.replace('-', '_')}").SIGNALS
    return found


def known_engines() -> list[str]:
    """The kinds of the engines that have a file here."""
    from . import engines

    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(engines.__path__))
