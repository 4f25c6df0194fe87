"""Stand-in for pulumi-resource-kubernetes: what the state keeps of an object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..wire.values import Object, mark_secrets, plain
from .annotations import FIELD_MANAGER, annotation
from .autoname import random_hex
from .secret_data import protect

_INPUTS = "__inputs"
_FIELD_MANAGER = "__fieldManager"
_INITIAL_API_VERSION = "__initialApiVersion"


@dataclass(frozen=True)
class State:
    """A resource's outputs taken apart: last inputs (with Secret marks), field manager, first apiVersion."""

    inputs: Object
    field_manager: str
    initial_api_version: str


def new_state(inputs: Object) -> State:
    """The state of an object that is about to be created.

    Every object has a field manager of its own, unless its annotation names one.
    """
    known: Object = plain(inputs)
    manager = annotation(known, FIELD_MANAGER) or f"pulumi-kubernetes-{random_hex(b'')}"
    return State(inputs, manager, str(known.get("apiVersion", "")))


def changed_state(old: State, inputs: Object) -> State:
    """The state with new inputs; an annotation in them outranks the field manager so far."""
    manager = annotation(plain(inputs), FIELD_MANAGER) or old.field_manager
    return State(inputs, manager, old.initial_api_version)


def parse(outputs: Object) -> State:
    """The parts of outputs that `outputs` built, or of none."""
    inputs: Any = outputs.get(_INPUTS)
    fresh = new_state(inputs if isinstance(inputs, dict) else {})
    return State(
        fresh.inputs,
        str(outputs.get(_FIELD_MANAGER) or fresh.field_manager),
        str(outputs.get(_INITIAL_API_VERSION) or fresh.initial_api_version),
    )


def outputs(state: State, live: Object) -> Object:
    """The outputs: the live object, with Secret marks where the inputs have them, and the parts of the state."""
    result = protect(mark_secrets(live, state.inputs))
    return result | {
        _FIELD_MANAGER: state.field_manager,
        _INITIAL_API_VERSION: state.initial_api_version,
        _INPUTS: protect(state.inputs),
    }
