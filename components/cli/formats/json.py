"""For programs: everything as data, in one form however the check ends."""

import json
from typing import Any

from ..output import as_data
from ..report import Exempted, Finding, Report, Unusable


def report(report: Report) -> str:
    """What was judged, and every violation with its line."""
    verdict = report.verdict
    judged = {"rules": verdict.rules, "objects": verdict.objects, "evaluations": verdict.evaluations}
    violations = [_violation(one, report) for one in report.findings]
    exempted = [_exempted(one, report) for one in report.exempted]
    counted = {"passed": report.passed, "problems": [], "given": verdict.given, "judged": judged}
    return _text({**counted, "violations": violations, "exempted": exempted})


def unusable(unusable: Unusable) -> str:
    """Everything that is wrong."""
    return _text({"passed": False, "problems": [as_data(problem) for problem in unusable.problems]})


def _violation(one: Finding, report: Report) -> dict[str, Any]:
    problem = report.problem(one, one.message)
    return {
        "rule": one.rule.id,
        "code": one.rule.code,
        "level": one.level,
        "severity": str(one.rule.severity),
        "object": one.object,
        "file": problem.file,
        "path": problem.path,
        "field": one.field,
        "line": report.spot(one).line,
        "message": problem.message,
    }


def _exempted(one: Exempted, report: Report) -> dict[str, Any]:
    by = one.exemption
    return {**_violation(one.finding, report), "owner": by.owner, "reason": by.reason, "until": by.until}


def _text(data: Any) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
