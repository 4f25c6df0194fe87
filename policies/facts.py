"""Plain facts about one Kubernetes object, the same whether it comes from Pulumi's engine or from a YAML file.

A value that exists only after the update is an `Unknown` that knows its own path. Absent and null are both `None`, as
the API server sees them. Texts may be secret (the engine's SDK has taken the marks off by the time a rule runs), so
messages quote numbers, names and paths, and never any other text: `shown` is how a rule quotes what it found.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

APP_LABEL = "app.kubernetes.io/name"
OWNER_LABEL = "coalmine.dev/owner"

Step = str | int


@dataclass(frozen=True)
class Unknown:
    """A value that will be known only during the update. `path`: where it stands, e.g. `spec.replicas`."""

    path: str


class Kind(NamedTuple):
    """A kind of object in every version of its API group (`""` is the core group)."""

    group: str
    name: str

    @classmethod
    def of(cls, api_version: str, name: str) -> "Kind":
        """From a manifest's fields: `apps/v1`, `Deployment`; `v1`, `Service`."""
        return cls(api_version.rpartition("/")[0], name)


@dataclass(frozen=True)
class KubeObject:
    """One object: its kind, its names and its whole body as plain data.

    ignored: the fields whose changes Pulumi leaves to others, as its `ignore_changes` names them; None where nobody
    can tell, as for a file.
    """

    kind: Kind
    namespace: str
    name: str
    body: Mapping[str, Any]
    ignored: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, body: Mapping[str, Any], kind: Kind, fallback_name: str = "", ignored: tuple[str, ...] | None = None
    ) -> "KubeObject":
        """Reads the names from the body. `fallback_name`: used while `metadata.name` is absent or unknown."""
        name = at(body, "metadata", "name")
        namespace = at(body, "metadata", "namespace")
        return cls(kind, _text(namespace), _text(name) or fallback_name, body, ignored)

    def at(self, *path: Step) -> Any:
        """The value at a path; None where absent; the Unknown that hides it where the update has to tell."""
        return at(self.body, *path)

    @property
    def app(self) -> str | None:
        """The app whose apps/<name>.yaml describes this object; None for objects that this project did not make."""
        labels = ("metadata", "labels")
        ours = self.at(*labels, OWNER_LABEL) is not None
        return _text(self.at(*labels, APP_LABEL)) or None if ours else None

    @property
    def owner(self) -> Any:
        """Who the label says owns it; None where it does not say."""
        return self.at("metadata", "labels", OWNER_LABEL)

    def __str__(self) -> str:
        return f"{self.kind.name} {self.namespace}/{self.name}" if self.namespace else f"{self.kind.name} {self.name}"


def at(value: Any, *path: Step) -> Any:
    """The value below `value`; None where absent; an Unknown as soon as one is met."""
    for step in path:
        # Nearly every value is one of these two, and asking for any mapping is what reading costs most.
        kind = type(value)
        if kind is dict:
            value = value.get(step)
        elif kind is Unknown:
            return value
        else:
            value = _below(value, step)
    return value


def _below(value: Any, step: Step) -> Any:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, Mapping) else None


def dotted(path: Sequence[Step]) -> str:
    """A path as people write it: `spec.strategy.canary.steps[0].setWeight`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def items(value: Any) -> list[Any]:
    """The entries of a list; none where the value is not a list."""
    return value if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A finite number, or None; true and false are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        # As over the wire. An integer of a file may be larger than any float, and no rule may fail at it.
        finite = float(value)
    except OverflowError:
        return None
    return finite if math.isfinite(finite) else None


def shown(value: Any) -> str:
    """What a message may say about a value: a number in full, anything else only by its type."""
    quotable = number(value)
    if quotable is not None:
        return f"{quotable:.10g}"
    return _TYPE_NAMES.get(type(value), "a value of another type")


_TYPE_NAMES: Mapping[type, str] = {
    type(None): "nothing",
    str: "a text",
    bool: "true or false",
    int: "too large a number",
    float: "not a finite number",
    list: "a list",
    dict: "an object",
}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
