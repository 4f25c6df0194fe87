"""Where Flux gets things from beside its repository: charts, artefacts of registries, buckets.

Source: docs/spec/v1 of source-controller v1.9.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .container import exactly_one
from .names import NameRule, NonEmpty, ObjectName

ItsName = Annotated[
    str,
    NameRule(
        r"[a-z]([a-z0-9-]*[a-z0-9])?",
        48,
        "a valid name: use at most 48 lower-case letters, digits and '-', starting with a letter, like 'charts'",
    ),
]
_HOST = r"[^\s/?#@]+"
ChartsAddress = Annotated[
    str,
    NameRule(
        rf"(https|oci)://{_HOST}(/[^\s?#]*)?",
        2048,
        "an address of charts: write it like 'https://charts.example.com' or 'oci://registry.example.com/charts', "
        "without a password in it",
    ),
]
OciAddress = Annotated[
    str,
    NameRule(
        rf"oci://{_HOST}/[^\s?#:@]+",
        2048,
        "an address of an artefact: write it like 'oci://registry.example.com/team/shared', without tag and password",
    ),
]
Endpoint = Annotated[
    str,
    NameRule(
        r"[A-Za-z0-9.-]+(:[0-9]+)?", 253, "the host of a store: write it like 's3.example.com', without 'https://'"
    ),
]


class HelmSource(Strict):
    """A repository of Helm charts, Flux's HelmRepository."""

    kind: Literal["helm"]
    """Says which source this is."""
    url: ChartsAddress
    """Address of the repository, `https://`, or of a registry's folder of charts, `oci://`."""
    secret: ObjectName | None = None
    """Name of the Secret that opens it, with `username` and `password`, or a registry's login for `oci://`."""


class OciSource(Ruled):
    """An artefact in a registry, Flux's OCIRepository: one chart, or the files of a folder."""

    kind: Literal["oci"]
    """Says which source this is."""
    url: OciAddress
    """Address of the artefact, without its tag."""
    tag: NonEmpty | None = None
    """Tag that is followed; exactly one of `tag`, `semver`, `digest`."""
    semver: NonEmpty | None = None
    """Range of versions, of whose tags the newest is taken, e.g. `1.4.x`."""
    digest: Annotated[str, NameRule(r"sha256:[0-9a-f]{64}", 71, "a digest: write it like 'sha256:...'")] | None = None
    """Digest of the one artefact."""
    secret: ObjectName | None = None
    """Name of the Secret that opens it, a registry's login."""
    signed_by: ObjectName | None = None
    """Name of a Secret with public keys of cosign: what none of them signed is refused. Any is taken unless given."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "tag", "semver", "digest")


class BucketSource(Ruled):
    """A bucket of an object store, Flux's Bucket."""

    kind: Literal["bucket"]
    """Says which source this is."""
    endpoint: Endpoint
    """Host of the store, e.g. `s3.eu-central-1.amazonaws.com`; it is asked by https."""
    bucket: NonEmpty
    """Name of the bucket."""
    region: NonEmpty | None = None
    """Region of the store, where it has any."""
    prefix: NonEmpty | None = None
    """How the names begin of the files that are fetched; all unless given."""
    provider: Literal["generic", "aws", "azure", "gcp"] = "generic"
    """Whose the store is: with a cloud's, the identity of source-controller opens it where no Secret does."""
    secret: ObjectName | None = None
    """Name of the Secret that opens it, with `accesskey` and `secretkey`, or what the cloud wants."""

    def problems(self) -> Iterator[Finding]:
        if self.provider == "generic" and self.secret is None:
            yield (
                ("secret",),
                "is missing: name the Secret with 'accesskey' and 'secretkey', or the cloud in 'provider' "
                "whose identity opens the bucket",
            )


FluxSource = Annotated[HelmSource | OciSource | BucketSource, Field(discriminator="kind")]
