"""Stand-in for pulumi-resource-random: RandomPassword, whose result and bcrypt hash are secret."""

from __future__ import annotations

from ..wire.values import Object
from .bcrypt import bcrypt_hash
from .characters import ARGUMENTS, random_text, validate
from .kind import Generated, Kind


def _generate(arguments: Object) -> Generated:
    result = random_text(arguments)
    # Observed: the id says nothing, as it is not encrypted.
    return Generated("none", {"bcryptHash": bcrypt_hash(result), "result": result})


KIND = Kind(
    token="random:index/randomPassword:RandomPassword",
    arguments=ARGUMENTS,
    computed=("bcryptHash", "result"),
    secret=frozenset({"bcryptHash", "result"}),
    generate=_generate,
    validate=validate,
)
