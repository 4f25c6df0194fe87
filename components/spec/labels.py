"""The labels that every object of an app carries, and names and values that users may give beside them."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from .names import NameRule

NAME_LABEL = "app.kubernetes.io/name"
VERSION_LABEL = "app.kubernetes.io/version"
OWNER_LABEL = "coalmine.dev/owner"
REVISION_LABEL = "version"
"""Istio's label for a workload's version; its value reaches the metrics as `destination_version`."""

STACK_LABEL = "coalmine.dev/stack"
"""On every object that Pulumi makes: `<project>.<stack>`, the stack that owns it."""
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
VIA_ANNOTATION = "coalmine.dev/via"
"""On every object that is rendered for Git: `gitops`."""

RESERVED = (NAME_LABEL, VERSION_LABEL, OWNER_LABEL, REVISION_LABEL)

_PREFIX = r"([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*/)?"
_WORD = r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"

LabelName = Annotated[
    str,
    NameRule(_PREFIX + _WORD, 317, "a valid label: use letters, digits, '-', '_' and '.', like 'example.com/tier'"),
]
LabelValue = Annotated[
    str,
    NameRule(f"({_WORD})?", 63, "a valid label value: use at most 63 letters, digits, '-', '_' and '.'"),
]


def reserved_labels(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Label and message for every given label that is Coalmine's own."""
    for name in given:
        if name in RESERVED:
            yield name, "is set by Coalmine: releases and metrics are told apart by it"


def object_label_problems(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Label and message for every given label of objects that would be written over."""
    yield from reserved_labels(given)
    for name in given:
        if name in (STACK_LABEL, MANAGED_BY_LABEL):
            yield name, "is set by Coalmine: it says who owns the object"
