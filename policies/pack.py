"""The adapter to Pulumi's policy engine; this module and once.py alone import its SDK."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Secret,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from . import once, undecided
from .facts import Kind, KubeObject, Step, Unknown, dotted
from .registry import discover
from .rule import ObjectRule, Parameter, Rule, Settings, SettingsError, StackRule, Texts, Undecided, Violation, sentence
from .stack import Stack

PACK = "coalmine"
_TOKEN_PREFIX = "kubernetes:"
_CORE_GROUP = "core"


def serve() -> None:
    """Builds the pack and answers the engine; returns only when the process is interrupted."""
    once.install()
    PolicyPack(PACK, policies(list(discover().values())))


def policies(rules: Sequence[Rule]) -> list[Policy]:
    """The engine's policies: one for each rule, then those that tell what a preview could not judge."""
    about_objects = [rule for rule in rules if isinstance(rule, ObjectRule)]
    about_stacks = [rule for rule in rules if isinstance(rule, StackRule)]
    return [*_object_policies(about_objects), *_stack_policies(about_stacks)]


def _object_policies(rules: Sequence[ObjectRule]) -> list[Policy]:
    inspection = _Inspection()
    kinds = frozenset(kind for rule in rules for kind in rule.kinds)
    judged = [_object_policy(rule, rank, inspection) for rank, rule in enumerate(rules)]
    return [*judged, _undecided_policy(kinds, inspection)]


def _stack_policies(rules: Sequence[StackRule]) -> list[Policy]:
    survey = _Survey()
    kinds = frozenset(kind for rule in rules for kind in (*rule.kinds, *rule.context))
    judged = [_stack_policy(rule, rank, survey, kinds) for rank, rule in enumerate(rules)]
    return [*judged, _undecided_stack_policy(survey)]


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
            self.subject = _object(args, kind)
            self.open_questions = []
        self.urn, self.rank = args.urn, rank
        return self.subject


class _Survey(threading.local):
    """What the policies about stacks share: its objects, and what could not be judged.

    The engine asks them all about one stack within one call, on one thread and in the pack's order, and each gets fresh
    copies of the properties. The first policy that looks converts those objects that any policy is about. A rank that
    does not rise means that a new call began.

    stack: these objects in the order of their URNs. urns: of the same, in the same order.
    """

    rank = -1
    stack: Stack
    urns: list[str]
    open_questions: list[tuple[Rule, KubeObject, str, Undecided]]

    def begin(self, rank: int, args: StackValidationArgs, kinds: frozenset[Kind]) -> None:
        if rank <= self.rank or self.rank < 0:
            self.open_questions = []
            objects = _objects(args, kinds)
            self.stack, self.urns = Stack(subject for _, subject in objects), [urn for urn, _ in objects]
        self.rank = rank

    def of(self, kinds: Sequence[Kind]) -> list[tuple[str, KubeObject]]:
        """The objects of these kinds, each with its URN."""
        return [(urn, one) for urn, one in zip(self.urns, self.stack, strict=True) if one.kind in kinds]


def _object_policy(rule: ObjectRule, rank: int, inspection: _Inspection) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = _applicable(args, rule.kinds)
        settings = _settings(rule, args, report)
        if settings is None:
            return
        subject = inspection.look(args, kind, rank)
        for finding in rule.check(subject, settings):
            if isinstance(finding, Violation):
                report(sentence(subject, finding), None)
            else:
                inspection.open_questions.append((rule, finding))

    return ResourceValidationPolicy(validate=validate, **_described(rule))


def _stack_policy(rule: StackRule, rank: int, survey: _Survey, kinds: frozenset[Kind]) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        survey.begin(rank, args, kinds)
        subjects = survey.of(rule.kinds)
        if not subjects:
            args.not_applicable(f"the stack has no {_names(rule.kinds)}")
        settings = _settings(rule, args, report)
        if settings is None:
            return
        for urn, subject in subjects:
            for finding in rule.check(subject, survey.stack.only(rule.context), settings):
                if isinstance(finding, Violation):
                    report(sentence(subject, finding), urn)
                else:
                    survey.open_questions.append((rule, subject, urn, finding))

    return StackValidationPolicy(validate=validate, **_described(rule))


def _described(rule: Rule) -> dict[str, Any]:
    """What the engine is told about a rule."""
    return {
        "name": rule.id,
        "description": f"{rule.title}. {rule.why}",
        "enforcement_level": EnforcementLevel(rule.enforcement.value),
        "config_schema": _schema(rule.parameters),
        "display_name": rule.title,
        "severity": Severity(rule.severity.value),
        "tags": [rule.code],
        "remediation_steps": rule.fix,
    }


def _settings(
    rule: Rule, args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation
) -> Settings | None:
    """The rule's settings; None, and a report, where the configuration is wrong."""
    try:
        return rule.settings(args.get_config())
    except SettingsError as problem:
        report(f"the policy configuration is wrong: {problem}", None)
        return None


def _objects(args: StackValidationArgs, kinds: frozenset[Kind]) -> list[tuple[str, KubeObject]]:
    """The stack's objects of these kinds with their URNs, in the order of their URNs."""
    found = [(one, kind_of(one.resource_type)) for one in args.resources]
    objects = [(one.urn, _object(one, kind)) for one, kind in found if kind is not None and kind in kinds]
    return sorted(objects, key=lambda pair: pair[0])


def _object(given: ResourceValidationArgs | PolicyResource, kind: Kind) -> KubeObject:
    return KubeObject.of(plain(given.props), kind, given.name, tuple(given.opts.ignore_changes))


def _undecided_policy(kinds: frozenset[Kind], inspection: _Inspection) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        once.forget()
        _applicable(args, kinds)
        questions = inspection.open_questions if args.urn == inspection.urn else []
        if not questions:
            # Said like this, the engine does not count it as a rule that was evaluated.
            args.not_applicable("every rule was judged")
        inspection.open_questions = []
        for rule, finding in questions:
            report(undecided.sentence(inspection.subject, rule, finding), None)

    return ResourceValidationPolicy(validate=validate, **_described_undecided(undecided.OBJECTS))


def _undecided_stack_policy(survey: _Survey) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        once.forget()
        questions = survey.open_questions if survey.rank >= 0 else []
        survey.rank = -1
        if not questions:
            args.not_applicable("every rule about the stack was judged")
        for rule, subject, urn, finding in questions:
            report(undecided.sentence(subject, rule, finding), urn)

    return StackValidationPolicy(validate=validate, **_described_undecided(undecided.STACK))


def _described_undecided(about: undecided.Note) -> dict[str, Any]:
    return {
        "name": about.id,
        "description": f"{about.title}. {about.why}",
        "enforcement_level": EnforcementLevel.ADVISORY,
        "display_name": about.title,
        "severity": Severity.LOW,
        "remediation_steps": about.fix,
    }


def _applicable(args: ResourceValidationArgs, kinds: tuple[Kind, ...] | frozenset[Kind]) -> Kind:
    """The resource's kind; leaves through the SDK's "not applicable" where it is none of the given ones."""
    kind = kind_of(args.resource_type)
    if kind is None or kind not in kinds:
        args.not_applicable(f"looks only at {_names(kinds)}")
        raise AssertionError("not_applicable returned")
    return kind


def _names(kinds: Iterable[Kind]) -> str:
    return ", ".join(sorted({one.name for one in kinds}))


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


def _plain_default(parameter: Parameter | Texts) -> Any:
    return list(parameter.default) if isinstance(parameter, Texts) else parameter.default


def _schema(parameters: Sequence[Parameter | Texts]) -> PolicyConfigSchema | None:
    if not parameters:
        return None
    return PolicyConfigSchema(
        {
            parameter.name: {**parameter.schema, "description": parameter.meaning, "default": _plain_default(parameter)}
            for parameter in parameters
        }
    )
