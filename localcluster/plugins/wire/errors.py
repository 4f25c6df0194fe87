"""Stand-in for the Go SDK's rpcerror package: how a plug-in's failure reaches the engine."""

from __future__ import annotations

from typing import NoReturn

import grpc
from pulumi.runtime.proto import provider_pb2, status_pb2

from .values import Object, to_struct


class PluginError(Exception):
    """A failure that the user reads as it stands: one line that says what failed."""


class UnsupportedError(PluginError):
    """Something that the official plug-in does and the stand-in does not; nothing is guessed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is not supported by the bundled Pulumi plug-ins: run with PLUGINS=official to use Pulumi's own"
        )


class InitializationError(PluginError):
    """The object exists but did not become ready; the engine stores it together with the reasons.

    Fields: id (the resource's id), properties (outputs to store), reasons (one line each).
    """

    def __init__(self, identifier: str, properties: Object, reasons: list[str]) -> None:
        super().__init__(reasons[0] if reasons else "resource init failed")
        self.identifier = identifier
        self.properties = properties
        self.reasons = reasons


def abort(context: grpc.ServicerContext, error: PluginError) -> NoReturn:
    """End the call with the error; code UNKNOWN, which is what an error of a Go plug-in becomes."""
    message = str(error)
    if isinstance(error, InitializationError):
        context.set_trailing_metadata((("grpc-status-details-bin", _init_failed(error, message)),))
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("context.abort returned")


def _init_failed(error: InitializationError, message: str) -> bytes:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.identifier, properties=to_struct(error.properties), reasons=error.reasons
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    status.details.add().Pack(detail)
    return status.SerializeToString()
