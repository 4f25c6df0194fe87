"""The adapter to plain documents: what YAML or JSON files hold is judged as the objects of one stack, without Pulumi.

The sibling of pack.py, which shows the rules what Pulumi's engine knows. Both give the same verdict about the same
objects; here every value is known, so nothing is left undecided.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .configuration import Configuration, Configured, Level
from .exemptions import EXEMPTED, EXEMPTED_IN_STACK, RIGHT, Exempted, Exemption, annotations, told
from .facts import Kind, KubeObject, shown
from .fields import field_of
from .rule import Finding, ObjectRule, Rule, StackRule, Violation, sentence
from .stack import Stack

DEFAULT_NAMESPACE = "default"
_LIST = "List"
_UNNAMED = "without a name"
_ANNOTATIONS = "metadata.annotations"
# Of the kinds that any rule looks at; an object of these lives in no namespace.
_CLUSTER_SCOPED = frozenset({Kind("argoproj.io", "ClusterAnalysisTemplate")})


@dataclass(frozen=True)
class Manifest:
    """An object and where it stands. `place`: e.g. `items[2]`; empty where it is the whole document."""

    place: str
    subject: KubeObject


@dataclass(frozen=True)
class NoObject:
    """Something that no rule can be asked about, because it is no Kubernetes object: where it stands, and why."""

    place: str
    message: str


@dataclass(frozen=True)
class Breach:
    """A violation.

    Fields: `index`: of the object among those given; `message`: the object, what is wrong, the fix; `field`: the part
    of its path that the object has, empty where the violation is not about one field.
    """

    rule: Configured
    index: int
    message: str
    field: str


@dataclass(frozen=True)
class Waived:
    """A violation that is exempted: like a Breach, whose message also says by whom, until when and why."""

    rule: Configured
    index: int
    message: str
    field: str
    exemption: Exemption


@dataclass(frozen=True)
class Granted:
    """An exemption, and what it does. `index`: of its object, None where none is given; `exempts`: violations."""

    exemption: Exemption
    index: int | None
    exempts: int


@dataclass(frozen=True)
class Verdict:
    """What the rules say about all objects together.

    Fields: `given`: objects; `rules`, `objects`: how many different ones took part; `evaluations`: rule x object, one
    for a rule that judges the whole stack; `breaches`: the mandatory ones first, then in the order of the objects;
    `exempted`: in the same order; `exemptions`: all of them, those that exempt nothing as well.
    """

    given: int
    rules: int
    objects: int
    evaluations: int
    breaches: tuple[Breach, ...]
    exempted: tuple[Waived, ...] = ()
    exemptions: tuple[Granted, ...] = ()

    @property
    def refused(self) -> int:
        """How many mandatory violations there are."""
        return sum(one.rule.level is Level.MANDATORY for one in self.breaches)


def manifests(document: Any, namespace: str = DEFAULT_NAMESPACE) -> Iterator[Manifest | NoObject]:
    """The objects of a document, those in lists included. `namespace`: of objects that name none."""
    return _manifests(document, "", namespace, {})


def _manifests(document: Any, place: str, namespace: str, defaults: Mapping[str, str]) -> Iterator[Manifest | NoObject]:
    """`defaults`: apiVersion and kind of the items of a typed list, which need not repeat them."""
    if not isinstance(document, Mapping):
        yield NoObject(place, f"not a Kubernetes object: {shown(document)}")
        return
    document = {**defaults, **document}
    wrong = [key for key in ("apiVersion", "kind") if not _is_text(document.get(key))]
    if wrong:
        found = " and ".join(f"{key} is {shown(document.get(key))}" for key in wrong)
        yield NoObject(place, f"not a Kubernetes object: {found}, and has to be a text")
        return
    api_version, kind = document["apiVersion"], document["kind"]
    if kind == _LIST or (kind.endswith(_LIST) and isinstance(document.get("items"), list)):
        yield from _items(document, place, namespace)
        return
    yield Manifest(place, _object(document, Kind.of(api_version, kind), namespace))


def _items(document: Mapping[str, Any], place: str, namespace: str) -> Iterator[Manifest | NoObject]:
    items = document.get("items")
    inside = f"{place}.items" if place else "items"
    if items is not None and not isinstance(items, list):
        yield NoObject(inside, f"must be a list, not {shown(items)}")
        return
    kind = document["kind"].removesuffix(_LIST)
    defaults = {"apiVersion": document["apiVersion"], "kind": kind} if kind else {}
    for index, item in enumerate(items or []):
        yield from _manifests(item, f"{inside}[{index}]", namespace, defaults)


def _object(body: Mapping[str, Any], kind: Kind, namespace: str) -> KubeObject:
    read = KubeObject.of(body, kind, _UNNAMED)
    if read.namespace or kind in _CLUSTER_SCOPED:
        return read
    # As Pulumi and kubectl put it somewhere, so that it is near the objects that say where they are.
    return replace(read, namespace=namespace)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def judge(subjects: Sequence[KubeObject], site: Configuration) -> Verdict:
    """Judges objects that belong together by all rules that are not disabled."""
    stack = Stack(subjects)
    places: dict[Kind, list[int]] = {}
    for index, subject in enumerate(subjects):
        places.setdefault(subject.kind, []).append(index)
    judged: dict[str, set[int]] = {}
    breaches = list(_wrong_exemptions(subjects, site))
    exempted: list[Waived] = []
    evaluations = 0
    for one in site:
        concerned = sorted(index for kind in one.rule.kinds for index in places.get(kind, ()))
        if one.level is Level.DISABLED or not concerned:
            continue
        judged[one.rule.id] = set(concerned)
        evaluations += 1 if isinstance(one.rule, StackRule) else len(concerned)
        for found in _found(one, concerned, stack, site):
            if isinstance(found, Waived):
                exempted.append(found)
            else:
                breaches.append(found)
    breaches += _not_to_be_exempted(exempted, site)
    breaches.sort(key=lambda breach: (breach.rule.level is not Level.MANDATORY, breach.index))
    exempted.sort(key=lambda waived: (waived.rule.level is not Level.MANDATORY, waived.index))
    granted = tuple(_granted(subjects, exempted, site))
    objects = set().union(*judged.values())
    return Verdict(len(subjects), len(judged), len(objects), evaluations, tuple(breaches), tuple(exempted), granted)


def _wrong_exemptions(subjects: Sequence[KubeObject], site: Configuration) -> Iterator[Breach]:
    note = site.notes[RIGHT.id]
    if note.level is not Level.DISABLED:
        for index, subject in enumerate(subjects):
            yield from (Breach(note, index, message, _ANNOTATIONS) for message in site.exemptions.problems(subject))


def _found(one: Configured, concerned: Sequence[int], stack: Stack, site: Configuration) -> Iterator[Breach | Waived]:
    for index in concerned:
        subject = stack[index]
        for found in site.exemptions.settle(one.rule, subject, _asked(one, subject, stack)):
            if isinstance(found, Exempted):
                field = field_of(subject, _known(found.finding, one))
                yield Waived(one, index, told(subject, found), field, found.exemption)
            else:
                finding = _known(found, one)
                yield Breach(one, index, sentence(subject, finding), field_of(subject, finding))


def _known(finding: Finding, one: Configured) -> Violation:
    if not isinstance(finding, Violation):
        raise AssertionError(f"{one.rule.id}: plain data holds nothing that only an update knows")
    return finding


def note_about(rule: Rule) -> Rule:
    """Under which name it is said that a violation of a rule is exempted."""
    return EXEMPTED_IN_STACK if isinstance(rule, StackRule) else EXEMPTED


def _not_to_be_exempted(exempted: Iterable[Waived], site: Configuration) -> Iterator[Breach]:
    """A site may refuse whatever is exempted."""
    for one in exempted:
        note = site.notes[note_about(one.rule.rule).id]
        if note.level is Level.MANDATORY:
            yield Breach(note, one.index, one.message, one.field)


def _granted(subjects: Sequence[KubeObject], exempted: Iterable[Waived], site: Configuration) -> Iterator[Granted]:
    uses: Counter[tuple[object, int]] = Counter(
        (id(one.exemption) if one.exemption.objects else one.exemption.rule, one.index) for one in exempted
    )
    for index, subject in enumerate(subjects):
        for one in site.exemptions.on(subject) if annotations(subject) else ():
            yield Granted(one, index, uses[one.rule, index])
    for one in site.exemptions.entries:
        covered = [index for index, subject in enumerate(subjects) if one.covers(subject)]
        yield from (Granted(one, index, uses[id(one), index]) for index in covered)
        if not covered:
            yield Granted(one, None, 0)


def _asked(one: Configured, subject: KubeObject, stack: Stack) -> Iterable[Finding]:
    if isinstance(one.rule, StackRule):
        return one.rule.check(subject, stack.only(one.rule.context), one.settings)
    assert isinstance(one.rule, ObjectRule)
    return one.rule.check(subject, one.settings)
