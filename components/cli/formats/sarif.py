"""For whatever reads SARIF 2.1.0: the rules that were asked, what they found, and whether anything could be judged."""

from typing import TYPE_CHECKING

from ...spec.errors import Problem
from ..report import STANDARD_INPUT, Finding, Report, Unusable, relative
from ..sarif import Notice, Result, Suppression, log

if TYPE_CHECKING:
    from policies.exemptions import Exemption


def report(report: Report) -> str:
    """The findings, those that are exempted as suppressed, and a warning where nothing was judged."""
    results = [_result(one, report) for one in report.findings]
    results += [_result(one.finding, report, _suppression(one.exemption)) for one in report.exempted]
    notices = [] if report.verdict.evaluations else [Notice("warning", report.summary)]
    rules = {one.rule.id: one.rule for one in report.rules}
    return log(rules, {one.rule.id: str(one.level) for one in report.rules}, results, notices)


def unusable(unusable: Unusable) -> str:
    """A run that could not be done, and why."""
    notices = [
        Notice("error", str(Problem("", one.path, one.message, one.app)), _file(one.file)) for one in unusable.problems
    ]
    return log({}, {}, [], notices)


def _result(one: Finding, report: Report, suppression: Suppression | None = None) -> Result:
    return Result(one.rule.id, one.level, one.object, one.message, _file(one.file), report.spot(one), suppression)


def _suppression(by: "Exemption") -> Suppression:
    """What says that somebody has let a finding be."""
    kind = "external" if by.objects else "inSource"
    return Suppression(kind, f"{by.owner} until {by.until}: {by.reason}")


def _file(file: str) -> str:
    """What came by standard input is in no file."""
    return "" if file == STANDARD_INPUT else relative(file)
