"""Values that nobody writes down: their places in manifests, filled in where resources are made of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .meta import Manifest


@dataclass(frozen=True)
class Password:
    """A password that is generated once and then kept. It stands in the `stringData` of a Secret, nowhere else.

    Fields: `name`: tells it from the others of its component; `rotation`: another number generates the password anew;
    `length`: of letters and digits, 32 make 190 bits.
    """

    name: str
    rotation: int = 1
    length: int = 32


def filled(manifest: Manifest, value_of: Callable[[Password], Any]) -> Manifest:
    """The object with a value in the place of every password."""
    texts = manifest.get("stringData", {}) if manifest["kind"] == "Secret" else {}
    values = {key: value_of(text) for key, text in texts.items() if isinstance(text, Password)}
    return {**manifest, "stringData": {**texts, **values}} if values else manifest
