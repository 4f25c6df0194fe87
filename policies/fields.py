"""Which field of an object a finding is about: the first path that its text names and that the object has."""

import re
from collections.abc import Iterator

from .facts import KubeObject, Step, at, dotted
from .rule import Violation

_PATH = re.compile(r"(?<![\w./-])[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*|\[\d+\])+")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
# One step, such as `spec`, is in nearly every object and says nothing.
_FEWEST_STEPS = 2


def field_of(subject: KubeObject, finding: Violation) -> str:
    """The part of the path that the object has, e.g. `spec.replicas`; empty where the finding names none of its own."""
    for path in _named(finding):
        there = _there(subject.body, path)
        if len(there) >= _FEWEST_STEPS:
            return dotted(there)
    return ""


def _named(finding: Violation) -> Iterator[tuple[Step, ...]]:
    for text in (finding.found, finding.fix):
        for named in _PATH.findall(text):
            yield tuple(int(index) if index else name for index, name in _STEP.findall(named))


def _there(value: object, path: tuple[Step, ...]) -> tuple[Step, ...]:
    for done, step in enumerate(path):
        value = at(value, step)
        if value is None:
            return path[:done]
    return path
