"""Stand-in for pulumi-resource-kubernetes: the ResourceProvider service."""

# ruff: noqa: N802 -- the methods have the names of the gRPC service.

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial, wraps
from importlib.metadata import version
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ..wire.errors import PluginError, abort
from ..wire.log import EngineLog
from ..wire.refuse import refuse, refusing
from ..wire.serve import serve
from ..wire.values import Object, from_struct, plain, to_struct
from . import checkpoint, create, delete, read, update
from .check import check
from .cluster import Cluster
from .diff import Change, FieldDiff, diff
from .diffconfig import diff_config
from .kinds import of_urn
from .settings import Settings, from_variables, provider_inputs, refuse_unsupported

_Base: Any = refusing(provider_pb2_grpc.ResourceProviderServicer, "pulumi-resource-kubernetes")
_Kind = provider_pb2.PropertyDiff
_KINDS = {
    (Change.ADD, False): _Kind.ADD,
    (Change.ADD, True): _Kind.ADD_REPLACE,
    (Change.DELETE, False): _Kind.DELETE,
    (Change.DELETE, True): _Kind.DELETE_REPLACE,
    (Change.UPDATE, False): _Kind.UPDATE,
    (Change.UPDATE, True): _Kind.UPDATE_REPLACE,
}
_Answer = TypeVar("_Answer")
_Method = Callable[[Any, Any, grpc.ServicerContext], _Answer]


def _reported(method: _Method[_Answer]) -> _Method[_Answer]:
    """Turn failures into the engine's errors; what is no PluginError is a fault of the stand-in and says so."""

    @wraps(method)
    def call(self: Any, request: Any, context: grpc.ServicerContext) -> _Answer:
        try:
            return method(self, request, context)
        except PluginError as error:
            failure = error
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            failure = PluginError(f"the bundled kubernetes provider failed: {type(error).__name__}: {error}")
        return abort(context, failure)

    return call


class KubernetesProvider(_Base):  # type: ignore[misc]
    """Plain Kubernetes objects as Pulumi resources."""

    def __init__(self, engine_address: str, stopping: threading.Event) -> None:
        self._log = EngineLog(engine_address)
        self._stopping = stopping
        self._cluster = Cluster(Settings())

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version("pulumi-kubernetes"))

    @_reported
    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        refuse_unsupported(provider_inputs(plain(from_struct(request.news))))
        return provider_pb2.CheckResponse(inputs=request.news)

    @_reported
    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        olds = request.old_inputs if request.old_inputs.fields else request.olds
        found = diff_config(_plain(olds), _plain(request.news))
        some = provider_pb2.DiffResponse.DIFF_SOME if found.changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=found.changed, replaces=found.replaces)

    @_reported
    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        self._cluster = Cluster(from_variables(request.variables))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    @_reported
    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        news, olds = from_struct(request.news), from_struct(request.olds)
        checked = check(self._cluster, request.urn, olds, news, request.randomSeed)
        failures = [provider_pb2.CheckFailure(reason=reason) for reason in checked.failures]
        return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=failures)

    @_reported
    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        gvk = of_urn(request.urn)
        olds: Object = plain(checkpoint.parse(from_struct(request.olds)).inputs)
        found = diff(gvk, self._cluster.settings, self._cluster.is_namespaced(gvk), olds, _plain(request.news))
        if not found.fields:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=sorted({str(field.path[0]) for field in found.fields}),
            replaces=[field.shown for field in found.fields if field.replaces],
            deleteBeforeReplace=found.delete_before_replace,
            hasDetailedDiff=True,
            detailedDiff={field.shown: _property_diff(field) for field in found.fields},
        )

    @_reported
    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        of_urn(request.urn)
        inputs = from_struct(request.properties)
        if request.preview:
            properties = create.preview(self._cluster, request.urn, inputs)
            return provider_pb2.CreateResponse(properties=to_struct(properties))
        identifier, properties = create.create(
            self._cluster, self._log, self._stopping, request.urn, inputs, request.timeout
        )
        return provider_pb2.CreateResponse(id=identifier, properties=to_struct(properties))

    @_reported
    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        olds, inputs = from_struct(request.properties), from_struct(request.inputs)
        found = read.read(self._cluster, self._log, request.urn, request.id, olds, inputs)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=to_struct(found.outputs), inputs=to_struct(found.inputs)
        )

    @_reported
    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        wanted = update.Request(
            request.urn, from_struct(request.olds), from_struct(request.news), list(request.ignoreChanges)
        )
        if request.preview:
            properties = update.preview(self._cluster, wanted)
        else:
            properties = update.update(self._cluster, self._log, self._stopping, wanted, request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(properties))

    @_reported
    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        delete.delete(
            self._cluster,
            self._log,
            self._stopping,
            delete.Request(request.urn, request.id, from_struct(request.properties), request.timeout),
        )
        return empty_pb2.Empty()

    def Construct(self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext) -> NoReturn:
        refuse(context, f"pulumi-resource-kubernetes: {request.type}")

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> NoReturn:
        refuse(context, f"pulumi-resource-kubernetes: {request.tok}")

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        # The process ends with the engine; what still waits reports that it was cancelled.
        self._stopping.set()
        return empty_pb2.Empty()


def _plain(struct: struct_pb2.Struct) -> Object:
    result: Object = plain(from_struct(struct))
    return result


def _property_diff(field: FieldDiff) -> provider_pb2.PropertyDiff:
    return provider_pb2.PropertyDiff(kind=_KINDS[field.change, field.replaces], inputDiff=True)


def main(argv: list[str]) -> NoReturn:
    """Serve until the engine ends; the engine's address is the last argument."""
    stopping = threading.Event()
    provider = KubernetesProvider(argv[-1] if argv else "", stopping)
    serve(partial(provider_pb2_grpc.add_ResourceProviderServicer_to_server, provider), stopping)
