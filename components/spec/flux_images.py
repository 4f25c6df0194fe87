"""What Flux looks for, is called for and tells: new tags of images, webhooks, channels.

Source: docs/spec of the image controllers v1.2 and of notification-controller v1.9.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .channels import ChannelName
from .container import exactly_one, repeated_values
from .flux_sources import ItsName
from .gitops import Folder, Revision
from .names import NameRule, NonEmpty, ObjectName, Regex

ImageName = Annotated[
    str,
    NameRule(
        r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+",
        255,
        "an image without its tag: write it like 'registry.example.com/shop'",
    ),
]
Email = Annotated[str, NameRule(r"[^\s@]+@[^\s@]+", 254, "an address: write it like 'platform@example.com'")]

Told = Literal["apps", "charts", "images", "sources"]
Order = Literal["asc", "desc"]
Sender = Literal[
    "acr",
    "bitbucket",
    "cdevents",
    "dockerhub",
    "gcr",
    "generic",
    "generic-hmac",
    "github",
    "gitlab",
    "harbor",
    "nexus",
    "quay",
]


class FluxImage(Ruled):
    """An image whose tags are looked at, Flux's ImageRepository, and which of them is the newest, its ImagePolicy."""

    image: ImageName
    """The image, without its tag."""
    secret: ObjectName | None = None
    """Name of the Secret that opens the registry."""
    semver: NonEmpty | None = None
    """Range of versions, e.g. `>=1.4.0 <2.0.0`; exactly one of `semver`, `numerical`, `alphabetical`."""
    numerical: Order | None = None
    """The last of tags that are numbers."""
    alphabetical: Order | None = None
    """The last of tags by the alphabet."""
    tags: Regex | None = None
    """Which tags are looked at, e.g. `^main-(?P<at>[0-9]+)$`; all unless given."""
    extract: NonEmpty | None = None
    """Which part of a tag is compared, by the names in `tags`, e.g. `$at`."""
    digest: bool = True
    """Whether the digest is written beside the tag."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "semver", "numerical", "alphabetical")
        if self.extract is not None and self.tags is None:
            yield ("extract",), "needs 'tags', an expression that names the part"


class FluxImageUpdates(Strict):
    """Newer tags are committed to the repository, Flux's ImageUpdateAutomation.

    It changes lines that end in `# {"$imagepolicy": "flux-system:<name>"}`, by the name in `images`.
    """

    author: Email
    """Who the commits are by."""
    branch: Revision = "image-updates"
    """Branch that they are pushed to; one of its own waits for a pull request, that of the cluster is delivered."""
    path: Folder | None = None
    """Folder whose files are changed, e.g. `apps`; all of them unless given."""
    message: NonEmpty = "Newer images"
    """What the commits say; a template of Flux's."""


class FluxReceiver(Ruled):
    """An address that a server calls when there is something new, Flux's Receiver."""

    type: Sender
    """Whose calls it takes."""
    secret: ObjectName | None = None
    """Name of the Secret with the `token` that the server knows too."""
    events: list[NonEmpty] = []
    """Which of its events count, in the server's words, e.g. `[push]`; all unless given."""
    sources: list[ItsName] = []
    """Names in `other_sources` that are looked at then; the repository unless given."""
    images: list[ItsName] = []
    """Names in `images` that are looked at then."""

    def problems(self) -> Iterator[Finding]:
        if self.secret is None:
            yield (
                ("secret",),
                "is missing, so anybody could call: name the Secret in Flux's namespace whose 'token' the server knows",
            )
        yield from repeated_values("events", self.events)


class FluxNotice(Ruled):
    """A channel that is told what Flux does itself, Flux's Alert; beside it, teams hear of their own apps."""

    channel: ChannelName
    """Name in `delivery.channels`."""
    severity: Literal["error", "info"] = "error"
    """`error`: what fails; `info`: what goes well, too."""
    about: Annotated[list[Told], Field(min_length=1)] = ["apps", "charts", "images", "sources"]
    """What it is told of; folders are among `apps`."""
    leave_out: list[Regex] = []
    """Messages that are not told, by expressions."""

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("about", self.about)
