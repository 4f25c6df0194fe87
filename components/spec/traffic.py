"""How requests reach an app: hosts, which requests are its own, how long they may take, how often they are repeated."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .base import Finding, Ruled, Strict
from .container import PortNumber, exactly_one, repeated_values
from .names import Hostname, NameRule, NonEmpty, Regex
from .values import PositiveDuration

UrlPath = Annotated[str, NameRule(r"/[^\s?#]*", 1024, "a path: begin with '/' and leave the query out, like '/cart'")]
HeaderName = Annotated[
    str, NameRule(r"[a-z0-9][a-z0-9_-]*", 256, "a header's name: use lower-case letters, digits, '-' and '_'")
]


class PathMatch(Ruled):
    """A request's path, without its query: exactly one of `prefix`, `exact`, `regex`."""

    prefix: UrlPath | None = None
    """Whole segments: `/cart` matches `/cart` and `/cart/items`, not `/carts`."""
    exact: UrlPath | None = None
    """The whole path."""
    regex: Regex | None = None
    """RE2 expression that the whole path matches."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "prefix", "exact", "regex")


class HeaderMatch(Ruled):
    """The value of a header: exactly one of `prefix`, `exact`, `regex`."""

    prefix: NonEmpty | None = None
    """How the value begins."""
    exact: NonEmpty | None = None
    """The whole value."""
    regex: Regex | None = None
    """RE2 expression that the whole value matches."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "prefix", "exact", "regex")


class Match(Ruled):
    """Requests with this path and all of these headers."""

    path: PathMatch | None = None
    headers: dict[HeaderName, HeaderMatch] = {}
    """By the header's name; all of them must fit."""

    def problems(self) -> Iterator[Finding]:
        if self.path is None and not self.headers:
            yield (), "give 'path', 'headers' or both: an entry without them matches everything"
        if "host" in self.headers:
            yield ("headers", "host"), "is chosen by traffic.hosts: write it there"


class Retries(Strict):
    """Requests that fail on the way are sent again."""

    attempts: Annotated[int, Field(ge=1, le=10)]
    """How often a request is sent again."""
    per_try_timeout: PositiveDuration | None = None
    """How long each of them may take; the request's timeout unless given."""
    retry_on: NonEmpty = "connect-failure,refused-stream,unavailable,cancelled"
    """Conditions of the router, e.g. Envoy's `retry_on`."""


class Traffic(Ruled):
    """How requests reach the app."""

    hosts: Annotated[list[Hostname], Field(min_length=1)]
    """Host names the app answers to."""
    match: list[Match] = []
    """Which requests to these hosts are the app's: those that fit any entry; all of them unless given."""
    port: PortNumber = 80
    """Port of the app's Services."""
    timeout: PositiveDuration | None = None
    """How long a request may take, retries included."""
    retries: Retries | None = None
    routers: list[NonEmpty] = []
    """Routers of the cluster that lead to the app, all at once, by their kinds; the cluster's first unless given.

    The weights move on all of them. Requests are counted where the first one routes.
    """

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("hosts", self.hosts)
        yield from repeated_values("routers", self.routers)
        for index, one in enumerate(self.match):
            if one in self.match[:index]:
                yield ("match", index), "is there twice"
