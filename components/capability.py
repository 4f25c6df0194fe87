"""What an engine with a router can do, feature by feature: natively, by another way, or not at all and why.

One cell says it for the compiler, which refuses what is not there, and for the generated table of the docs.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

from .features import Feature
from .record import record


class Evidence(Enum):
    """How well a cell is known; the strongest proof that the tests give."""

    TRAFFIC = "traffic"
    CONTROLLER = "controller"
    API_SERVER = "API server"
    OPAQUE = "opaque"


@record
class Native:
    """The engine has this feature. Fields: `evidence`; `since`: the lowest version of the engine, "" for all.

    `before`: what works with a lower one, as an instruction, "" where nothing does.
    """

    evidence: Evidence
    since: str = ""
    before: str = ""


@record
class Emulated:
    """The same effect by other means. Fields: `how`: in a few words; `evidence`, `since`, `before`: as in Native."""

    how: str
    evidence: Evidence
    since: str = ""
    before: str = ""


@record
class Refused:
    """Cannot be done. Fields: `why`: completes "..., because"; `instead`: what works, as an instruction."""

    why: str
    instead: str


Capability = Native | Emulated | Refused
Cells = Mapping[Feature, Capability]


def cells(able: Cells, others: Refused, family: frozenset[Feature], since: str = "") -> Cells:
    """A cell for every feature of a family: those given, and one refusal for all others.

    `since`: the lowest version of the engine that knows the router, for the cells that name none of their own.
    """
    dated = {feature: _dated(cell, since) for feature, cell in able.items()} if since else able
    return {feature: dated.get(feature, others) for feature in Feature if feature in family}


def _dated(cell: Capability, since: str) -> Capability:
    return cell if isinstance(cell, Refused) or cell.since else replace(cell, since=since)
