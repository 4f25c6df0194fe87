"""Where the platform's versions, files and images come from: the bundle, a mirror, digests of images."""

from typing import Annotated, Any, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from .. import bundles
from ..record import record
from .base import Strict
from .errors import nearest
from .names import NameRule
from .values import shown

BaseUrl = Annotated[
    str,
    NameRule(
        r"https?://[^\s/@?#]+(/[^\s?#]*[^\s?#/])?",
        2048,
        "the address of a folder: write it like 'https://mirror.example.com/coalmine', without a '/' at its end",
    ),
]
ImagePrefix = Annotated[
    str,
    NameRule(
        r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
        255,
        "where images are: write it like 'registry.example.com/mirror', without 'https://' and a '/' at its end",
    ),
]
_DIGEST = r"sha256:[0-9a-f]{64}"
ImageDigest = Annotated[str, NameRule(_DIGEST, 71, "a digest of an image: 'sha256:' and 64 digits 0 to 9, a to f")]
TaggedImage = Annotated[
    str,
    NameRule(r"[^\s@:]+(:[0-9]+/[^\s@:]+)?:[^\s@:/]+", 512, "an image by its tag, like 'docker.io/istio/pilot:1.31.0'"),
]


def _known_bundle(raw: Any) -> str:
    known = bundles.names()
    if isinstance(raw, str) and raw in known:
        return raw
    if isinstance(raw, int | float):
        # Without the value: 2026.10 has become 2026.1 by now.
        problem = f"must be text, not a number: write it in quotes, like '{known[0]}'"
    else:
        problem = f"no bundle {shown(raw)}" + nearest(str(raw), known)
    raise PydanticCustomError("bundle", "{problem}", {"problem": problem})


@record
class _Bundles:
    """The name of a bundle, in a schema one of those that there are."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_known_bundle)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": list(bundles.names())}


BundleName = Annotated[str, _Bundles()]


class Mirror(Strict):
    """Copies of what is public, for clusters that do not reach the internet."""

    files: BaseUrl | None = None
    """Folder of upstream files, e.g. `https://mirror.example.com/coalmine`; below it, their public host and path.

    They are looked for there and nowhere else, and refused where they are not the pinned ones.
    """
    images: ImagePrefix | None = None
    """What is put before the names of the platform's images, e.g. `registry.example.com/mirror`.

    `docker.io/istio/pilot` becomes `registry.example.com/mirror/docker.io/istio/pilot`.
    """

    @model_validator(mode="after")
    def _mirrors_something(self) -> Self:
        if self.files is None and self.images is None:
            raise PydanticCustomError("mirror", "needs 'files', 'images' or both: leave it out for the public places")
        return self


class _FileOrMapping:
    """In a schema, the path of a file beside what stands in it: it has been read by the time it is checked."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


ImageDigests = Annotated[dict[TaggedImage, ImageDigest], _FileOrMapping()]
