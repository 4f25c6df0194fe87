"""Stand-in for pulumi-resource-random: RandomId, random bytes in several notations."""

from __future__ import annotations

import base64
import secrets

from ..wire.values import Object
from .kind import KEEPERS, Argument, Generated, Kind


def _generate(arguments: Object) -> Generated:
    return notations(secrets.token_bytes(arguments["byteLength"]), arguments.get("prefix", ""))


def notations(value: bytes, prefix: str) -> Generated:
    """The outputs for the bytes; the id is the unpadded base64url text, which has no prefix."""
    url = base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    outputs = {
        "b64Std": prefix + base64.b64encode(value).decode(),
        "b64Url": prefix + url,
        "dec": prefix + str(int.from_bytes(value, "big")),
        "hex": prefix + value.hex(),
    }
    return Generated(url, outputs)


KIND = Kind(
    token="random:index/randomId:RandomId",
    arguments={
        "byteLength": Argument((int,), required=True, minimum=1),
        "keepers": KEEPERS,
        "prefix": Argument((str,)),
    },
    computed=("b64Std", "b64Url", "dec", "hex"),
    generate=_generate,
)
