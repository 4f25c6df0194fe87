"""The adapter to plain documents: what YAML or JSON files hold is judged as the objects of one stack, without Pulumi.

The sibling of pack.py, which shows the rules what Pulumi's engine knows. Both give the same verdict about the same
objects; here every value is known, so nothing is left undecided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .configuration import Configured, Level
from .facts import Kind, KubeObject, shown
from .fields import field_of
from .rule import Finding, ObjectRule, StackRule, Violation, sentence
from .stack import Stack

DEFAULT_NAMESPACE = "default"
_LIST = "List"
_UNNAMED = "without a name"
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
class Verdict:
    """What the rules say about all objects together.

    Fields: `given`: objects; `rules`, `objects`: how many different ones took part; `evaluations`: rule x object, one
    for a rule that judges the whole stack; `breaches`: the mandatory ones first, then in the order of the objects.
    """

    given: int
    rules: int
    objects: int
    evaluations: int
    breaches: tuple[Breach, ...]

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


def judge(subjects: Sequence[KubeObject], rules: Iterable[Configured]) -> Verdict:
    """Judges objects that belong together by all rules that are not disabled."""
    stack = Stack(subjects)
    places: dict[Kind, list[int]] = {}
    for index, subject in enumerate(subjects):
        places.setdefault(subject.kind, []).append(index)
    judged: dict[str, set[int]] = {}
    breaches: list[Breach] = []
    evaluations = 0
    for one in rules:
        concerned = sorted(index for kind in one.rule.kinds for index in places.get(kind, ()))
        if one.level is Level.DISABLED or not concerned:
            continue
        judged[one.rule.id] = set(concerned)
        evaluations += 1 if isinstance(one.rule, StackRule) else len(concerned)
        breaches += _breaches(one, concerned, stack)
    breaches.sort(key=lambda breach: (breach.rule.level is not Level.MANDATORY, breach.index))
    objects = set().union(*judged.values())
    return Verdict(len(subjects), len(judged), len(objects), evaluations, tuple(breaches))


def _breaches(one: Configured, concerned: Sequence[int], stack: Stack) -> Iterator[Breach]:
    for index in concerned:
        for finding in _asked(one, stack[index], stack):
            if not isinstance(finding, Violation):
                raise AssertionError(f"{one.rule.id}: plain data holds nothing that only an update knows")
            yield Breach(one, index, sentence(stack[index], finding), field_of(stack[index], finding))


def _asked(one: Configured, subject: KubeObject, stack: Stack) -> Iterable[Finding]:
    if isinstance(one.rule, StackRule):
        return one.rule.check(subject, stack.only(one.rule.context), one.settings)
    assert isinstance(one.rule, ObjectRule)
    return one.rule.check(subject, one.settings)
