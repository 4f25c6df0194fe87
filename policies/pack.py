"""The adapter to Pulumi's policy engine; this module, engine.py, dispatch.py and once.py alone import its SDK."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from pulumi_policy import (
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from . import dispatch, once, undecided
from .engine import (
    applicable,
    described,
    described_note,
    kind_of,
    metadata_of,
    names,
    object_of,
    objects_of,
    rewrite,
    settings_of,
)
from .exemptions import EXEMPTED, EXEMPTED_IN_STACK, RIGHT, Exempted, Exemptions, Terms, annotations, told
from .facts import Kind, KubeObject
from .registry import discover
from .remedies import changes
from .rule import Finding, ObjectRule, Rule, SettingsError, StackRule, Violation, sentence
from .stack import Stack
from .terms import SCHEMA, terms

PACK = "coalmine"


def serve() -> None:
    """Builds the pack and answers the engine; returns only when the process is interrupted."""
    rules = list(discover().values())
    once.install()
    dispatch.install(rules)
    PolicyPack(PACK, policies(rules))


def policies(rules: Sequence[Rule], now: datetime | None = None) -> list[Policy]:
    """The engine's policies: one that reads exemptions, one for each rule, then those that tell what was not judged.

    now: when exemptions are asked whether they are over; this very moment unless given.
    """
    about_objects = [rule for rule in rules if isinstance(rule, ObjectRule)]
    about_stacks = [rule for rule in rules if isinstance(rule, StackRule)]
    site = _Site({rule.id: rule for rule in rules}, now or datetime.now(UTC))
    return [*_object_policies(about_objects, site), *_stack_policies(about_stacks, site)]


class _Site:
    """What the site says about exemptions. The first policy reads it for all others, which get other configurations.

    It is the same for all threads and a whole run. A site that disables that policy has said nothing.
    """

    def __init__(self, known: Mapping[str, Rule], now: datetime) -> None:
        self._known, self._now = known, now
        self._given: Mapping[str, Any] = {}
        self.exemptions = Exemptions(known, Terms(), now)

    def learn(self, given: Mapping[str, Any]) -> None:
        """Raises SettingsError."""
        if given != self._given:
            self.exemptions = Exemptions(self._known, terms(given, self._known, self._now), self._now)
            self._given = given


def _object_policies(rules: Sequence[ObjectRule], site: _Site) -> list[Policy]:
    inspection = _Inspection()
    kinds = frozenset(kind for rule in rules for kind in rule.kinds)
    judged = [_object_policy(rule, rank, inspection, site) for rank, rule in enumerate(rules)]
    return [
        _exemptions_policy(site),
        *judged,
        _object_note(described(EXEMPTED), kinds, inspection),
        _object_note(described_note(undecided.OBJECTS), kinds, inspection, last=True),
    ]


def _stack_policies(rules: Sequence[StackRule], site: _Site) -> list[Policy]:
    survey = _Survey()
    kinds = frozenset(kind for rule in rules for kind in (*rule.kinds, *rule.context))
    judged = [_stack_policy(rule, rank, survey, kinds, site) for rank, rule in enumerate(rules)]
    return [
        *judged,
        _stack_note(described(EXEMPTED_IN_STACK), survey),
        _stack_note(described_note(undecided.STACK), survey, last=True),
    ]


class _Inspection(threading.local):
    """What the policies share about the resource under inspection: its facts, and what was not judged.

    The engine asks all enabled policies about one resource within one call, on one thread and in the pack's order, but
    hands each a fresh copy of the properties. Converting an object is the costly part, so it is done by the first
    policy that looks. A rank that does not rise means that a new call began (say the update after its preview).

    notes: messages for the policies at the end, by their names.
    """

    urn = ""
    rank = -1
    subject: KubeObject
    notes: dict[str, list[str]]

    def look(self, args: ResourceValidationArgs, kind: Kind, rank: int) -> KubeObject:
        if args.urn != self.urn or rank <= self.rank:
            self.subject = object_of(args, kind)
            self.notes = {}
        self.urn, self.rank = args.urn, rank
        return self.subject


class _Survey(threading.local):
    """What the policies about stacks share: its objects, and what was not judged.

    The engine asks them all about one stack within one call, on one thread and in the pack's order, and each gets fresh
    copies of the properties. The first policy that looks converts those objects that any policy is about. A rank that
    does not rise means that a new call began.

    stack: these objects in the order of their URNs. of_kind: the same with their URNs. notes: messages, each with the
    URN of its object, for the policies at the end, by their names.
    """

    rank = -1
    stack: Stack
    of_kind: dict[Kind, list[tuple[str, KubeObject]]]
    notes: dict[str, list[tuple[str, str]]]

    def begin(self, rank: int, args: StackValidationArgs, kinds: frozenset[Kind]) -> None:
        if rank <= self.rank or self.rank < 0:
            self.notes = {}
            objects = objects_of(args, kinds)
            self.stack, self.of_kind = Stack(subject for _, subject in objects), {}
            for pair in objects:
                self.of_kind.setdefault(pair[1].kind, []).append(pair)
        self.rank = rank

    def of(self, kinds: Sequence[Kind]) -> list[tuple[str, KubeObject]]:
        """The objects of these kinds, each with its URN, in the order of these."""
        return sorted((pair for kind in kinds for pair in self.of_kind.get(kind, ())), key=itemgetter(0))


def _exemptions_policy(site: _Site) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = kind_of(args.resource_type)
        wrong = ""
        try:
            site.learn(args.get_config())
        except SettingsError as problem:
            wrong = f"the policy configuration is wrong: {problem}"
        if kind is None:
            args.not_applicable("looks only at Kubernetes objects")
            return
        subject = metadata_of(args, kind)
        if not wrong and not annotations(subject):
            # Said like this, the engine does not count it as a rule that was evaluated.
            args.not_applicable("nothing is exempted here")
        for message in [*([wrong] if wrong else []), *site.exemptions.problems(subject)]:
            report(message, None)

    return ResourceValidationPolicy(
        validate=validate, **{**described(RIGHT), "config_schema": PolicyConfigSchema(dict(SCHEMA))}
    )


def _object_policy(rule: ObjectRule, rank: int, inspection: _Inspection, site: _Site) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = applicable(args, rule.kinds)
        settings = settings_of(rule, args, report)
        if settings is None:
            return
        subject = inspection.look(args, kind, rank)
        for finding in site.exemptions.settle(rule, subject, rule.check(subject, settings)):
            if isinstance(finding, Violation):
                report(sentence(subject, finding), None)
            else:
                note = EXEMPTED.id if isinstance(finding, Exempted) else undecided.OBJECTS.id
                inspection.notes.setdefault(note, []).append(_not_judged(rule, subject, finding))

    def remediate(args: ResourceValidationArgs) -> Any:
        kind = applicable(args, rule.kinds)
        try:
            settings = rule.settings(args.get_config())
        except SettingsError:
            return None
        subject = object_of(args, kind)
        found = () if site.exemptions.excuse(rule, subject) else changes(rule, subject, settings)
        rewrite(args.props, found)
        return args.props if found else None

    if rule.remedy is None:
        return ResourceValidationPolicy(validate=validate, **described(rule))
    return ResourceValidationPolicy(validate=validate, remediate=remediate, **described(rule))


def _stack_policy(
    rule: StackRule, rank: int, survey: _Survey, kinds: frozenset[Kind], site: _Site
) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        survey.begin(rank, args, kinds)
        subjects = survey.of(rule.kinds)
        if not subjects:
            args.not_applicable(f"the stack has no {names(rule.kinds)}")
        settings = settings_of(rule, args, report)
        if settings is None:
            return
        for urn, subject in subjects:
            found = rule.check(subject, survey.stack.only(rule.context), settings)
            for finding in site.exemptions.settle(rule, subject, found):
                if isinstance(finding, Violation):
                    report(sentence(subject, finding), urn)
                else:
                    note = EXEMPTED_IN_STACK.id if isinstance(finding, Exempted) else undecided.STACK.id
                    survey.notes.setdefault(note, []).append((_not_judged(rule, subject, finding), urn))

    return StackValidationPolicy(validate=validate, **described(rule))


def _not_judged(rule: Rule, subject: KubeObject, finding: Finding | Exempted) -> str:
    if isinstance(finding, Exempted):
        return told(subject, finding)
    assert not isinstance(finding, Violation)
    return undecided.sentence(subject, rule, finding)


def _object_note(
    description: Mapping[str, Any], kinds: frozenset[Kind], inspection: _Inspection, last: bool = False
) -> ResourceValidationPolicy:
    """A policy that tells what those about objects left to it. `last`: whether it is the last one about objects."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if last:
            once.forget()
        applicable(args, kinds)
        messages = inspection.notes.pop(description["name"], []) if args.urn == inspection.urn else []
        if not messages:
            # Said like this, the engine does not count it as a rule that was evaluated.
            args.not_applicable("every rule was judged")
        for message in messages:
            report(message, None)

    return ResourceValidationPolicy(validate=validate, **description)


def _stack_note(description: Mapping[str, Any], survey: _Survey, last: bool = False) -> StackValidationPolicy:
    """The same for those about stacks."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        messages = survey.notes.pop(description["name"], []) if survey.rank >= 0 else []
        if last:
            once.forget()
            survey.rank = -1
        if not messages:
            args.not_applicable("every rule about the stack was judged")
        for message, urn in messages:
            report(message, urn)

    return StackValidationPolicy(validate=validate, **description)
