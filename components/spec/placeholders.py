"""What a user's query may leave open, `{{like this}}`: it is filled in for the version that is measured."""

import re
from collections.abc import Iterator, Mapping

from ..record import record
from .errors import nearest


@record
class Placeholder:
    """Fields: `means`: in a few words; `one_version`: whether it tells one version of the app from all others."""

    means: str
    one_version: bool = False


PLACEHOLDERS: Mapping[str, Placeholder] = {
    "app": Placeholder("the app's name"),
    "namespace": Placeholder("its namespace"),
    "window": Placeholder("how far a measurement looks back, like `30s`"),
    "window_seconds": Placeholder("the same as a number of seconds, like `30`"),
    "revision": Placeholder("the value of the pods' label `version`", one_version=True),
    "workload": Placeholder("the ReplicaSet (Argo Rollouts), Deployment or DaemonSet of the pods", one_version=True),
    "pods": Placeholder("a regular expression (RE2) that the pods' names match", one_version=True),
    "service": Placeholder("the Service that leads to these pods alone", one_version=True),
}
"""Every placeholder by its name."""

_OPEN = re.compile(r"\{\{(?P<name>[^{}]*)\}\}")


def used(text: str) -> tuple[str, ...]:
    """The names of the placeholders in a text, in order."""
    return tuple(found["name"].strip() for found in _OPEN.finditer(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with every placeholder replaced. Raises KeyError for one without a value."""
    return _OPEN.sub(lambda found: values[found["name"].strip()], text)


def problems(text: str) -> Iterator[str]:
    """What is wrong with the placeholders of a text."""
    for name in dict.fromkeys(used(text)):
        if name not in PLACEHOLDERS:
            yield f"unknown placeholder '{{{{{name}}}}}'{nearest(name, PLACEHOLDERS)}"
    if "{{" in _OPEN.sub("", text):
        yield "'{{' opens a placeholder that is not closed: write it like '{{app}}'"


def names_one_version(text: str) -> bool:
    """Whether a text is narrowed to one version of the app."""
    return any(PLACEHOLDERS[name].one_version for name in used(text) if name in PLACEHOLDERS)


ONE_VERSION = tuple(f"{{{{{name}}}}}" for name, one in PLACEHOLDERS.items() if one.one_version)
"""The placeholders that name the version that is measured, as a user writes them."""
