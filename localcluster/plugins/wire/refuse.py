"""Stand-in for the Go SDK's unimplemented servers: every method that a stand-in lacks says so by name."""

from __future__ import annotations

from typing import Any, NoReturn

import grpc

from .errors import UnsupportedError


def refuse(context: grpc.ServicerContext, what: str) -> NoReturn:
    """End the call with UNIMPLEMENTED and a line that names what is missing and what to do."""
    context.abort(grpc.StatusCode.UNIMPLEMENTED, str(UnsupportedError(what)))
    raise AssertionError("context.abort returned")


def refusing(servicer: type[Any], plugin: str) -> type[Any]:
    """A subclass of a generated servicer in which every method refuses; implement methods in a subclass of it."""

    def method(name: str) -> Any:
        def call(self: Any, request: Any, context: grpc.ServicerContext) -> NoReturn:
            refuse(context, f"{plugin}: {name}")

        return call

    names = [name for name in dir(servicer) if name[0].isupper()]
    return type(f"Refusing{servicer.__name__}", (servicer,), {name: method(name) for name in names})
