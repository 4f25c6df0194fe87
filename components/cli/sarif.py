"""A log in SARIF 2.1.0, for whatever reads that, such as GitHub's code scanning.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..record import record
from .positions import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"mandatory": "error", "advisory": "warning"}
_PACKAGE = "coalmine"
_FINGERPRINT = "coalmineRuleAndObject/v1"


@record
class Suppression:
    """Why somebody has let a finding be. `kind`: `inSource` or `external`."""

    kind: str
    justification: str


@record
class Result:
    """A rule and what it found. Fields: `level`: `mandatory` or `advisory`; `file`: from the top, "" for none."""

    rule: str
    level: str
    object: str
    message: str
    file: str
    spot: Spot = Spot()
    suppression: Suppression | None = None


@record
class Notice:
    """Something to know about the run itself; `file`: "" for none."""

    level: str
    message: str
    file: str = ""


def log(
    rules: Mapping[str, Rule], levels: Mapping[str, str], results: Sequence[Result], notices: Sequence[Notice] = ()
) -> str:
    """The whole log. `levels`: of the rules that were asked, by name.

    A notice that is an error means that the run could not be done.
    """
    asked = [name for name in rules if levels.get(name) in _LEVELS]
    asked += sorted({one.rule for one in results} - set(asked))
    described = [_rule(name, rules.get(name), levels.get(name, "mandatory")) for name in asked]
    ranks = {name: rank for rank, name in enumerate(asked)}
    found = [_result(one, ranks[one.rule]) for one in results]
    for result, fingerprint in zip(found, _fingerprints(results), strict=True):
        result["partialFingerprints"] = {_FINGERPRINT: fingerprint}
    invocation = {
        "executionSuccessful": not any(one.level == "error" for one in notices),
        "toolExecutionNotifications": [_notice(one) for one in notices],
    }
    run = {
        "tool": {"driver": {"name": "Coalmine", "version": version(_PACKAGE), "rules": described}},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": found,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(name: str, rule: Rule | None, level: str) -> dict[str, Any]:
    """`rule`: None for one that only a foreign pack knows."""
    described = {"id": name, "name": "".join(part.capitalize() for part in name.split("-"))}
    configured = {"defaultConfiguration": {"level": _LEVELS[level]}}
    if rule is None:
        return {**described, **configured}
    source = f"\n\nSource: {rule.source}" if rule.source else ""
    return {
        **described,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.fix}{source}"},
        **configured,
        "properties": {
            "code": rule.code,
            "severity": str(rule.severity),
            "problem.severity": _LEVELS[level],
            "tags": ["kubernetes", rule.code],
        },
    }


def _result(one: Result, rank: int) -> dict[str, Any]:
    location = _physical(one.file, {"region": {"startLine": one.spot.line, "startColumn": one.spot.column}})
    location["logicalLocations"] = [{"fullyQualifiedName": one.object, "kind": "object"}]
    result = {
        "ruleId": one.rule,
        "ruleIndex": rank,
        "level": _LEVELS[one.level],
        "message": {"text": one.message},
        "locations": [location],
    }
    if one.suppression is None:
        return result
    return {**result, "suppressions": [asdict(one.suppression)]}


def _notice(one: Notice) -> dict[str, Any]:
    said: dict[str, Any] = {"level": one.level, "message": {"text": one.message}}
    return {**said, "locations": [_physical(one.file, {})]} if one.file else said


def _physical(file: str, region: dict[str, Any]) -> dict[str, Any]:
    if not file:
        return {}
    outside = file.startswith("/")
    artifact = {"uri": f"file://{quote(file)}"} if outside else {"uri": quote(file), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, **region}}


def _fingerprints(results: Sequence[Result]) -> list[str]:
    """Stays the same while lines and limits change: rule and object, and which one of those in the same order."""
    seen: dict[str, int] = {}
    made = []
    for one in results:
        key = sha256(f"{one.rule}\n{one.object}".encode()).hexdigest()[:32]
        seen[key] = seen.get(key, 0) + 1
        made.append(f"{key}:{seen[key]}")
    return made
