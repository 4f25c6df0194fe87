"""The adapter to Pulumi's policy engine; the only module of the pack that imports its SDK."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Secret,
    Severity,
)
from pulumi_policy.proxy import UnknownValueError

from . import undecided
from .facts import Kind, KubeObject, Step, Unknown, dotted
from .registry import discover
from .rule import Parameter, Rule, SettingsError, Undecided, Violation, sentence

PACK = "coalmine"
_TOKEN_PREFIX = "kubernetes:"
_CORE_GROUP = "core"

Validate = Callable[[ResourceValidationArgs, ReportViolation], None]


def serve() -> None:
    """Builds the pack and answers the engine; returns only when the process is interrupted."""
    PolicyPack(PACK, policies(list(discover().values())))


def policies(rules: Sequence[Rule]) -> list[Policy]:
    """The engine's policies: one for each rule, then the one that tells what a preview could not judge."""
    inspection = _Inspection()
    kinds = {kind for rule in rules for kind in rule.kinds}
    judged: list[Policy] = [_policy(rule, rank, inspection) for rank, rule in enumerate(rules)]
    return [*judged, _undecided_policy(frozenset(kinds), inspection)]


class _Inspection(threading.local):
    """What the policies share about the resource under inspection: its facts, and what could not be judged.

    The engine asks all enabled policies about one resource within one call, on one thread and in the pack's order, but
    hands each a fresh copy of the properties. Converting an object is the costly part, so it is done by the first
    policy that looks. A rank that does not rise means that a new call began (say the update after its preview).
    """

    urn = ""
    rank = -1
    subject: KubeObject
    open_questions: list[tuple[Rule, Undecided]]

    def look(self, args: ResourceValidationArgs, kind: Kind, rank: int) -> KubeObject:
        if args.urn != self.urn or rank <= self.rank:
            self.subject = KubeObject.of(plain(args.props), kind, args.name)
            self.open_questions = []
        self.urn, self.rank = args.urn, rank
        return self.subject


def _policy(rule: Rule, rank: int, inspection: _Inspection) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = _applicable(args, rule.kinds)
        try:
            settings = rule.settings(args.get_config())
        except SettingsError as problem:
            report(f"the policy configuration is wrong: {problem}", None)
            return
        subject = inspection.look(args, kind, rank)
        for finding in rule.check(subject, settings):
            if isinstance(finding, Violation):
                report(sentence(subject, finding), None)
            else:
                inspection.open_questions.append((rule, finding))

    return ResourceValidationPolicy(
        name=rule.id,
        description=f"{rule.title}. {rule.why}",
        validate=validate,
        enforcement_level=EnforcementLevel(rule.enforcement.value),
        config_schema=_schema(rule.parameters),
        display_name=rule.title,
        severity=Severity(rule.severity.value),
        tags=[rule.code],
        remediation_steps=rule.fix,
    )


def _undecided_policy(kinds: frozenset[Kind], inspection: _Inspection) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        _applicable(args, kinds)
        if args.urn != inspection.urn:
            return
        for rule, finding in inspection.open_questions:
            report(undecided.sentence(inspection.subject, rule, finding), None)
        inspection.open_questions = []

    return ResourceValidationPolicy(
        name=undecided.ID,
        description=f"{undecided.TITLE}. {undecided.WHY}",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        display_name=undecided.TITLE,
        severity=Severity.LOW,
        remediation_steps=undecided.FIX,
    )


def _applicable(args: ResourceValidationArgs, kinds: tuple[Kind, ...] | frozenset[Kind]) -> Kind:
    """The resource's kind; leaves through the SDK's "not applicable" where it is none of the given ones."""
    kind = kind_of(args.resource_type)
    if kind is None or kind not in kinds:
        args.not_applicable(f"looks only at {', '.join(sorted({one.name for one in kinds}))}")
        raise AssertionError("not_applicable returned")
    return kind


def kind_of(resource_type: str) -> Kind | None:
    """The kind behind a type token like `kubernetes:apps/v1:Deployment`; None where it is no Kubernetes object."""
    api_version, separator, name = resource_type.removeprefix(_TOKEN_PREFIX).partition(":")
    if not resource_type.startswith(_TOKEN_PREFIX) or not separator:
        return None
    kind = Kind.of(api_version, name)
    return Kind("", name) if kind.group == _CORE_GROUP else kind


def plain(value: Any, path: tuple[Step, ...] = ()) -> Any:
    """The engine's proxies as plain data: unknown values as Unknown, whole numbers as int, secrets as their value."""
    if isinstance(value, Secret):
        return plain(value.value, path)
    if isinstance(value, Mapping):
        return {key: _element(value, key, (*path, key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_element(value, index, (*path, index)) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _element(container: Any, key: Step, path: tuple[Step, ...]) -> Any:
    try:
        return plain(container[key], path)
    except UnknownValueError:
        return Unknown(dotted(path))


def _schema(parameters: Sequence[Parameter]) -> PolicyConfigSchema | None:
    if not parameters:
        return None
    return PolicyConfigSchema(
        {
            parameter.name: {
                "type": "integer" if parameter.whole else "number",
                "description": parameter.meaning,
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "default": parameter.default,
            }
            for parameter in parameters
        }
    )
