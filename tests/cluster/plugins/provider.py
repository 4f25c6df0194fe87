"""The kubernetes provider's process, called as the engine calls it: the same requests, without the engine's seconds."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from localcluster.plugins.wire.values import Object, from_struct, plain, to_struct

from .resources import Resource

_PROGRAM = "pulumi-resource-kubernetes"


class Failure(Exception):
    """What the provider answers instead of a result; `stored` are the outputs of an object that is not ready."""

    def __init__(self, message: str, stored: Object | None, reasons: list[str]) -> None:
        super().__init__(message)
        self.stored = stored
        self.reasons = reasons


@dataclass(frozen=True)
class Held:
    """A resource as the engine holds it between two calls."""

    urn: str
    inputs: Object
    identifier: str = ""
    outputs: Object = field(default_factory=dict)


class Provider:
    """One provider process; methods raise Failure where the provider reports an error."""

    def __init__(self, configuration: Mapping[str, str], environment: Mapping[str, str]) -> None:
        program = shutil.which(_PROGRAM, path=environment["PATH"])
        assert program, f"{_PROGRAM} is not on PATH"
        self._process = subprocess.Popen([program, ""], env=dict(environment), stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        variables = {f"kubernetes:config:{name}": value for name, value in configuration.items()}
        self._call("Configure", provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True))

    def close(self) -> None:
        """End the process."""
        self._channel.close()
        self._process.terminate()
        assert self._process.wait(timeout=10) is not None

    def check(self, item: Resource, old_inputs: Object | None = None) -> Held:
        """The checked inputs; raises Failure with the reasons of failed checks."""
        urn = f"urn:pulumi:dev::plugins::{item['type']}::{item['name']}"
        request = provider_pb2.CheckRequest(urn=urn, news=to_struct(item["props"]), olds=to_struct(old_inputs or {}))
        answer = self._call("Check", request)
        reasons = [failure.reason for failure in answer.failures]
        if reasons:
            raise Failure(reasons[0], None, reasons)
        return Held(urn, from_struct(answer.inputs))

    def create(self, item: Resource, preview: bool = False, timeout: float = 0) -> Held:
        """Check, then create."""
        held = self.check(item)
        request = provider_pb2.CreateRequest(
            urn=held.urn, properties=to_struct(held.inputs), preview=preview, timeout=timeout
        )
        answer = self._call("Create", request)
        return replace(held, identifier=answer.id, outputs=from_struct(answer.properties))

    def diff(self, held: Held, item: Resource) -> provider_pb2.DiffResponse:
        """Check, then the difference from what is held."""
        news = self.check(item, held.inputs)
        request = provider_pb2.DiffRequest(
            urn=held.urn, id=held.identifier, olds=to_struct(held.outputs), news=to_struct(news.inputs)
        )
        answer: provider_pb2.DiffResponse = self._call("Diff", request)
        return answer

    def update(
        self, held: Held, item: Resource, ignored: Sequence[str] = (), preview: bool = False, timeout: float = 0
    ) -> Held:
        """Check, then update what is held; the item's inputs have the old values at the ignored paths."""
        news = self.check(item, held.inputs)
        request = provider_pb2.UpdateRequest(
            urn=held.urn,
            id=held.identifier,
            olds=to_struct(held.outputs),
            news=to_struct(news.inputs),
            ignoreChanges=ignored,
            preview=preview,
            timeout=timeout,
        )
        answer = self._call("Update", request)
        return replace(held, inputs=news.inputs, outputs=from_struct(answer.properties))

    def read(self, held: Held) -> Held | None:
        """What is there now; None where nothing is."""
        request = provider_pb2.ReadRequest(
            urn=held.urn, id=held.identifier, properties=to_struct(held.outputs), inputs=to_struct(held.inputs)
        )
        answer = self._call("Read", request)
        if not answer.id:
            return None
        return Held(held.urn, from_struct(answer.inputs), answer.id, from_struct(answer.properties))

    def delete(self, held: Held, timeout: float = 0) -> None:
        """Delete what is held."""
        request = provider_pb2.DeleteRequest(
            urn=held.urn, id=held.identifier, properties=to_struct(held.outputs), timeout=timeout
        )
        self._call("Delete", request)

    def _call(self, method: str, request: Any) -> Any:
        try:
            return getattr(self._stub, method)(request, timeout=120)
        except grpc.RpcError as error:
            raise _failure(error) from error


def _failure(error: Any) -> Failure:
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            # google.rpc.Status: the first detail is the engine's ErrorResourceInitFailed.
            detail = provider_pb2.ErrorResourceInitFailed()
            status_pb2.Status.FromString(value).details[0].Unpack(detail)
            return Failure(error.details(), from_struct(detail.properties), list(detail.reasons))
    return Failure(error.details(), None, [])


def shown(value: Any) -> Any:
    """The value without secret marks."""
    return plain(value)
