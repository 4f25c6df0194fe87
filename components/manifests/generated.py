"""Values that stand in no manifest: their places in them, filled in where resources are made of them."""

from collections.abc import Callable
from typing import Any

from ..record import record
from ..spec.channels import SecretText
from .meta import Manifest


@record
class Password:
    """A password that is generated once and then kept. It stands in the `stringData` of a Secret, nowhere else.

    Fields: `name`: tells it from the others of its component, within which the same name is the same password;
    `rotation`: another number generates the password anew; `length`: of letters and digits, 32 make 190 bits; `hashed`:
    whether its bcrypt hash stands there.
    """

    name: str
    rotation: int = 1
    length: int = 32
    hashed: bool = False


Hidden = Password | SecretText
"""What only Pulumi knows: what it generates, or keeps encrypted in a stack's configuration."""


def filled(manifest: Manifest, value_of: Callable[[Hidden], Any]) -> Manifest:
    """The object with a value in the place of everything hidden."""
    texts = manifest.get("stringData", {}) if manifest["kind"] == "Secret" else {}
    values = {key: value_of(text) for key, text in texts.items() if isinstance(text, Hidden)}
    return {**manifest, "stringData": {**texts, **values}} if values else manifest
