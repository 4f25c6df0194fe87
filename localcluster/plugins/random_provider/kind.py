"""Stand-in for pulumi-resource-random: what a resource of this provider is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..wire.values import Object


@dataclass(frozen=True)
class Argument:
    """An argument: `types` it takes, `default` (None: absent), whether it is `required`, `minimum` of a number."""

    types: tuple[type, ...]
    default: Any = None
    required: bool = False
    minimum: int | None = None


@dataclass(frozen=True)
class Generated:
    """A generated resource: its id and the outputs that are not arguments."""

    identifier: str
    outputs: Object


@dataclass(frozen=True)
class Kind:
    """A resource: Pulumi's type token, arguments, computed outputs, which of those are secret, and the generator."""

    token: str
    arguments: dict[str, Argument]
    computed: tuple[str, ...]
    generate: Callable[[Object], Generated]
    secret: frozenset[str] = field(default_factory=frozenset)
    validate: Callable[[Object], list[tuple[str, str]]] = lambda _: []


KEEPERS = Argument((dict,))


def with_defaults(kind: Kind, inputs: Object) -> Object:
    """The arguments as outputs show them: given ones and defaults, without the engine's own keys."""
    known = {name: inputs.get(name, argument.default) for name, argument in kind.arguments.items()}
    return {name: value for name, value in known.items() if value is not None}


def failures(kind: Kind, inputs: Object) -> list[tuple[str, str]]:
    """What is wrong with plain inputs, all at once: pairs of argument and reason."""
    found = [(name, "is not an argument of this resource") for name in sorted(set(inputs) - set(kind.arguments))]
    for name, argument in kind.arguments.items():
        reason = _problem(argument, inputs.get(name))
        if reason:
            found.append((name, reason))
    return found or kind.validate(with_defaults(kind, inputs))


def _problem(argument: Argument, value: Any) -> str:
    if value is None:
        return "is required" if argument.required else ""
    if type(value) not in argument.types:
        return f"must be {argument.types[0].__name__}, not {type(value).__name__}"
    if argument.minimum is not None and value < argument.minimum:
        return f"must be at least {argument.minimum}, not {value}"
    return ""
