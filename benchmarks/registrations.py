"""What a program registered, read from the state it left: for another program to register the same, and to compare."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

Resource = dict[str, Any]

_STACK = "pulumi:pulumi:Stack"
_PROVIDERS = "pulumi:providers:"
_DEFINITION = "CustomResourceDefinition"
_OPTIONS = {"protect": "protect", "retainOnDelete": "retain_on_delete", "ignoreChanges": "ignore_changes"}
"""Options by the name that the state gives them. Source: pulumi v3.259, sdk/go/common/apitype/core.go (ResourceV3)."""

_COMPARED = ("type", "parent", "inputs", "dependencies", "propertyDependencies", "customTimeouts", *_OPTIONS)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Marks what is no plain value. Source: pulumi v3.259, sdk/go/common/resource/sig/sig.go."""


def registrations(resources: Iterable[Resource]) -> list[Resource]:
    """What benchmarks/bare registers to leave the same state, in an order in which it can."""
    return [_registration(one) for one in resources if one["type"] != _STACK]


def objects(resources: Iterable[Resource]) -> int:
    """How many Kubernetes objects there are; the rest are the stack, its components and providers."""
    return sum(one["type"].startswith("kubernetes:") for one in resources)


def difference(ours: Sequence[Resource], theirs: Sequence[Resource]) -> str:
    """What makes two states other than equal but for ids, times and outputs, in one line; "" where nothing does."""
    mine, others = ({one["urn"]: _compared(one) for one in resources} for resources in (ours, theirs))
    for urn in sorted(mine.keys() ^ others.keys()):
        return f"only {'the first' if urn in mine else 'the second'} has {urn}"
    for urn, one in mine.items():
        for key, value in one.items():
            if value != others[urn][key]:
                return f"{urn} has another {key}: {value!r} and {others[urn][key]!r}"
    return ""


def _registration(one: Resource) -> Resource:
    provider = one["type"].startswith(_PROVIDERS)
    parent = one.get("parent", "")
    inputs = _opened(one.get("inputs", {}))
    return {
        "sort": "provider" if provider else "object" if one["custom"] else "component",
        "urn": one["urn"],
        "type": one["type"],
        "name": one["urn"].rpartition("::")[2],
        "parent": "" if f"::{_STACK}::" in parent else parent,
        "provider": _provider(one),
        "depends_on": one.get("dependencies", []),
        "inputs": _arguments(inputs) if provider else inputs,
        "options": {name: one[key] for key, name in _OPTIONS.items() if key in one},
        # States do not hold hooks: each object but a definition has one, see components/resources.py.
        "hooked": one["type"].startswith("kubernetes:") and not one["type"].endswith(f":{_DEFINITION}"),
        "timeouts": {key: f"{seconds}s" for key, seconds in one.get("customTimeouts", {}).items()},
    }


def _provider(one: Resource) -> str:
    """The URN of a resource's provider, without the id that follows it."""
    return str(one.get("provider", "").rpartition("::")[0])


def _arguments(inputs: Resource) -> Resource:
    """A provider's inputs, which are all text in the state, as the arguments of its class."""
    words = {"true": True, "false": False}
    said = {key: value for key, value in inputs.items() if isinstance(value, str) and key != "version"}
    return {re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): words.get(v, v) for key, v in said.items()}


def _compared(one: Resource) -> Resource:
    found = {key: _opened(one[key]) for key in _COMPARED if key in one}
    return {**dict.fromkeys(_COMPARED), **found, "dependencies": sorted(one.get("dependencies", []))} | {
        "provider": _provider(one)
    }


def _opened(value: Any) -> Any:
    """The value with secrets as what they hide, where the state was exported with --show-secrets."""
    if isinstance(value, dict):
        if _SIGNATURE in value and "plaintext" in value:
            return json.loads(value["plaintext"])
        return {key: _opened(inside) for key, inside in value.items()}
    return [_opened(inside) for inside in value] if isinstance(value, list) else value
