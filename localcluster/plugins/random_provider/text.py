"""Stand-in for pulumi-resource-random: RandomString, whose id is its result."""

from __future__ import annotations

from ..wire.values import Object
from .characters import ARGUMENTS, random_text, validate
from .kind import Generated, Kind


def _generate(arguments: Object) -> Generated:
    result = random_text(arguments)
    return Generated(result, {"result": result})


KIND = Kind(
    token="random:index/randomString:RandomString",
    arguments=ARGUMENTS,
    computed=("result",),
    generate=_generate,
    validate=validate,
)
