"""For whatever reads SARIF 2.1.0, such as GitHub's code scanning.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..report import STANDARD_INPUT, Finding, Report, Unusable, relative

if TYPE_CHECKING:
    from policies.configuration import Configured
    from policies.exemptions import Exemption
    from policies.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"mandatory": "error", "advisory": "warning"}
_PACKAGE = "coalmine"
_FINGERPRINT = "coalmineRuleAndObject/v1"


def report(report: Report) -> str:
    """The rules that were asked and what they found."""
    rules = [one for one in report.rules if one.level in _LEVELS]
    ranks = {one.rule.id: rank for rank, one in enumerate(rules)}
    findings = [*report.findings, *(one.finding for one in report.exempted)]
    found = [_result(one, report, ranks) for one in findings]
    for result, fingerprint in zip(found, _fingerprints(findings), strict=True):
        result["partialFingerprints"] = {_FINGERPRINT: fingerprint}
    for result, one in zip(found[len(report.findings) :], report.exempted, strict=True):
        result["suppressions"] = [_suppression(one.exemption)]
    said = [] if report.verdict.evaluations else [{"level": "warning", "message": {"text": report.summary}}]
    return _log(rules, found, {"executionSuccessful": True, "toolExecutionNotifications": said})


def unusable(unusable: Unusable) -> str:
    """A run that could not be done, and why."""
    said = []
    for one in unusable.problems:
        text = str(one).removeprefix(f"{one.file}: ")
        said.append({"level": "error", "message": {"text": text}, "locations": [_physical(one.file, {})]})
    return _log([], [], {"executionSuccessful": False, "toolExecutionNotifications": said})


def _log(rules: Sequence["Configured"], results: Sequence[Any], invocation: dict[str, Any]) -> str:
    driver = {
        "name": "Coalmine",
        "version": version(_PACKAGE),
        "rules": [_rule(one.rule, str(one.level)) for one in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule: "Rule", level: str) -> dict[str, Any]:
    source = f"\n\nSource: {rule.source}" if rule.source else ""
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.id.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix}{source}"},
        "defaultConfiguration": {"level": _LEVELS[level]},
        "properties": {
            "code": rule.code,
            "severity": str(rule.severity),
            "problem.severity": _LEVELS[level],
            "tags": ["kubernetes", rule.code],
        },
    }


def _result(one: Finding, report: Report, ranks: dict[str, int]) -> dict[str, Any]:
    spot = report.spot(one)
    location = _physical(one.file, {"region": {"startLine": spot.line, "startColumn": spot.column}})
    location["logicalLocations"] = [{"fullyQualifiedName": one.object, "kind": "object"}]
    return {
        "ruleId": one.rule.id,
        "ruleIndex": ranks[one.rule.id],
        "level": _LEVELS[one.level],
        "message": {"text": one.message},
        "locations": [location],
    }


def _suppression(by: "Exemption") -> dict[str, Any]:
    """What says that somebody has let a finding be."""
    kind = "external" if by.objects else "inSource"
    return {"kind": kind, "justification": f"{by.owner} until {by.until}: {by.reason}"}


def _physical(file: str, region: dict[str, Any]) -> dict[str, Any]:
    """A place in a file; none for what was read from standard input."""
    if file == STANDARD_INPUT:
        return {}
    path = relative(file)
    outside = path.startswith("/")
    artifact = {"uri": f"file://{quote(path)}"} if outside else {"uri": quote(path), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


def _fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Stays the same while lines and limits change: rule and object, and which one of those in the same order."""
    seen: dict[str, int] = {}
    made = []
    for one in findings:
        key = sha256(f"{one.rule.id}\n{one.object}".encode()).hexdigest()[:32]
        seen[key] = seen.get(key, 0) + 1
        made.append(f"{key}:{seen[key]}")
    return made
