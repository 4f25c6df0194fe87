"""Following a release until it is decided."""

import http.client
import time
from collections.abc import Callable, Iterator

from .contract import Release

_POLL_SECONDS = 1.0
_SILENT_SECONDS = 60.0
"""How long an API server may be away, e.g. while it is restarted, before watching ends."""


def follow(
    read: Callable[[], Release], pause: float = _POLL_SECONDS, silent: float = _SILENT_SECONDS
) -> Iterator[Release]:
    """The release again and again, `pause` seconds apart; the last one is decided.

    Raises what `read` raises, OSError and HTTPException only when nothing was read for `silent` seconds.
    """
    answered = time.monotonic()
    while True:
        try:
            release = read()
        except (OSError, http.client.HTTPException):
            if time.monotonic() - answered > silent:
                raise
        else:
            answered = time.monotonic()
            yield release
            if release.state.decided:
                return
        time.sleep(pause)
