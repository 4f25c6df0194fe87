"""The services of the plug-ins, called in the test's own process as the engine calls them."""

from collections.abc import Callable
from typing import Any, NoReturn


class Aborted(Exception):
    """How a call ended instead of with an answer; the text is what the user reads."""


class _Context:
    """The part of a gRPC context that the plug-ins use."""

    def abort(self, code: Any, details: str) -> NoReturn:
        raise Aborted(details)

    def set_trailing_metadata(self, metadata: Any) -> None:
        """Take what the engine would read."""


def called(method: Callable[[Any, Any], Any], request: Any) -> Any:
    """The answer of a method. Raises Aborted where it answers with an error."""
    return method(request, _Context())
