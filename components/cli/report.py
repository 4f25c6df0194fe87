"""What `coalmine check` found, as every format needs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..record import record
from ..spec.errors import Problem
from .output import evaluated
from .positions import Positions, Spot, steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.configuration import Configured
    from policies.documents import Verdict
    from policies.exemptions import Exemption
    from policies.rule import Rule

    from .manifests import Document

STANDARD_INPUT = "standard input"
"""What messages call it."""


@record
class Place:
    """Where an object was found: in which document, and where in it, e.g. `items[2]`; empty where it is all of it."""

    document: Document
    inside: str

    @property
    def shown(self) -> str:
        """As messages name it."""
        number = f"document {self.document.number}" if self.document.number else ""
        return ": ".join(part for part in (number, self.inside) if part)


@record
class Finding:
    """A violation. `object`: e.g. `Rollout shop/shop`; `field`: the part of its path that is there, or empty."""

    rule: Rule
    level: str
    object: str
    field: str
    message: str
    place: Place

    @property
    def file(self) -> str:
        return self.place.document.file

    @property
    def refuses(self) -> bool:
        """Whether it stops what was judged."""
        return self.level == "mandatory"


@record
class Exempted:
    """A violation that somebody has let be."""

    finding: Finding
    exemption: Exemption


@record
class Granted:
    """An exemption. `object`, `place`: of what it is for, empty where nothing is; `exempts`: how many violations."""

    exemption: Exemption
    object: str
    place: Place | None
    exempts: int


@record
class Unusable:
    """Nothing could be judged."""

    problems: Sequence[Problem]


class Report:
    """What the rules said about everything that was given, and whether that passes.

    rules: and the names under which exemptions are reported. granted: all exemptions.
    """

    def __init__(
        self,
        rules: Sequence[Configured],
        verdict: Verdict,
        findings: Sequence[Finding],
        exempted: Sequence[Exempted],
        granted: Sequence[Granted],
        *,
        allow_nothing: bool,
    ) -> None:
        self.rules = rules
        self.verdict = verdict
        self.findings = findings
        self.exempted = exempted
        self.granted = granted
        self.passed = not verdict.refused and (bool(verdict.evaluations) or allow_nothing)
        self._positions: dict[str, Positions] = {}

    def problem(self, finding: Finding, message: str) -> Problem:
        """What is said about an object, at its place."""
        return Problem(finding.file, finding.place.shown, message)

    def spot(self, finding: Finding) -> Spot:
        """Where the field stands, or else the object."""
        document = finding.place.document
        if document.file not in self._positions:
            self._positions[document.file] = Positions(document.text)
        path = (*steps(finding.place.inside), *steps(finding.field))
        return self._positions[document.file].spot(document.number or 1, path)

    @property
    def summary(self) -> str:
        """How much was judged, and the result, in one line."""
        verdict = self.verdict
        counted = evaluated(verdict.evaluations, verdict.rules, verdict.objects, verdict.given)
        if not verdict.evaluations:
            allowed = "" if self.passed else " (--allow-nothing lets that pass)"
            return f"{counted}: no rule was evaluated on any object{allowed}"
        refused = sorted({one.rule.id for one in self.findings if one.refuses})
        exempted = f", {len(self.exempted)} exempted (--exemptions lists them)" if self.exempted else ""
        return f"{counted}: {'refused by ' + ', '.join(refused) if refused else 'passed'}{exempted}"


def relative(file: str) -> str:
    """A file as whoever reads a report finds it: from the working folder where it is below that, else from the top."""
    if file == STANDARD_INPUT:
        return file
    path = os.path.relpath(file)
    return str(Path(file).absolute()) if path.startswith("..") else path
