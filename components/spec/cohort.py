"""Chosen users: requests that get the new version whatever the weights say."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from .base import Finding, Ruled, Strict
from .names import NameRule
from .traffic import HeaderMatch, HeaderName

CookieText = Annotated[
    str, NameRule(r"[A-Za-z0-9_.-]+", 128, "a cookie's text: use letters, digits, '_', '.' and '-', like 'always'")
]


class CookieMatch(Strict):
    """A cookie with a value."""

    name: CookieText
    """The cookie's name."""
    value: CookieText
    """Its whole value."""

    @property
    def in_header(self) -> str:
        """A regular expression (RE2) for the header `cookie`, in which all cookies of a request stand."""
        return rf"^(.*;\s*)?{re.escape(f'{self.name}={self.value}')}(;.*)?$"


class Cohort(Ruled):
    """Requests that carry any of some headers, or a cookie: exactly one of `headers`, `cookie`."""

    headers: Annotated[dict[HeaderName, HeaderMatch], Field(min_length=1)] | None = None
    """By the header's name; one that fits is enough."""
    cookie: CookieMatch | None = None
    """Users who have this cookie."""

    def problems(self) -> Iterator[Finding]:
        given = [name for name in ("headers", "cookie") if getattr(self, name) is not None]
        if len(given) != 1:
            yield (), f"give exactly one of headers, cookie (found {' and '.join(given) or 'none'})"
        if self.headers and "cookie" in self.headers:
            yield ("headers", "cookie"), "is matched with 'cookie': {name: ..., value: ...}"

    def __str__(self) -> str:
        if self.cookie:
            return f"cookie {self.cookie.name}={self.cookie.value}"
        return " or ".join(_spoken(name, value) for name, value in (self.headers or {}).items())


def _spoken(name: str, value: HeaderMatch) -> str:
    if value.exact is not None:
        return f"header {name}: {value.exact}"
    return f"header {name}: {value.prefix}..." if value.prefix is not None else f"header {name} like {value.regex}"
