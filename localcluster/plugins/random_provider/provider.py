"""Stand-in for pulumi-resource-random: the ResourceProvider service."""

# ruff: noqa: N802 -- the methods have the names of the gRPC service.

from __future__ import annotations

import threading
from functools import partial
from importlib.metadata import version
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from ..wire.errors import PluginError, abort
from ..wire.refuse import refuse, refusing
from ..wire.serve import serve
from ..wire.values import UNKNOWN, Object, Secret, from_struct, has_unknown, plain, to_struct
from . import identifier, password, pet, text
from .kind import Kind, failures, with_defaults

KINDS: dict[str, Kind] = {module.KIND.token: module.KIND for module in (identifier, password, pet, text)}
_Base: Any = refusing(provider_pb2_grpc.ResourceProviderServicer, "pulumi-resource-random")
# The engine's own bookkeeping in inputs.
_INTERNAL = "__"


class RandomProvider(_Base):  # type: ignore[misc]
    """Generates values once and keeps them in the state."""

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=version("pulumi-random"))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        kind = _kind(request.urn, context)
        inputs = _arguments(plain(from_struct(request.news)))
        found = [] if has_unknown(inputs) else failures(kind, inputs)
        problems = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in found]
        return provider_pb2.CheckResponse(inputs=request.news, failures=problems)

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        _kind(request.urn, context)
        olds = _arguments(plain(from_struct(request.old_inputs)))
        news = _arguments(plain(from_struct(request.news)))
        changed = sorted(name for name in set(olds) | set(news) if olds.get(name) != news.get(name))
        if not changed:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        kinds = {name: _diff_kind(name in olds, name in news) for name in changed}
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME,
            diffs=changed,
            replaces=changed,
            hasDetailedDiff=True,
            detailedDiff={name: provider_pb2.PropertyDiff(kind=kind, inputDiff=True) for name, kind in kinds.items()},
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        kind = _kind(request.urn, context)
        inputs = from_struct(request.properties)
        given = {name: value for name, value in inputs.items() if not name.startswith(_INTERNAL)}
        shown = with_defaults(kind, given)
        if request.preview:
            unknown = dict.fromkeys(("id", *kind.computed), UNKNOWN)
            return provider_pb2.CreateResponse(properties=to_struct(shown | unknown))
        try:
            generated = kind.generate(plain(shown))
        except PluginError as error:
            abort(context, error)
        outputs = {name: Secret(value) if name in kind.secret else value for name, value in generated.outputs.items()}
        properties = to_struct(shown | outputs | {"id": generated.identifier})
        return provider_pb2.CreateResponse(id=generated.identifier, properties=properties)

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        _kind(request.urn, context)
        if not request.properties.fields:
            refuse(context, "importing a random resource")
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        _kind(request.urn, context)
        return empty_pb2.Empty()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()


def _kind(urn: str, context: grpc.ServicerContext) -> Kind:
    token = urn.split("::")[2].rsplit("$", 1)[-1]
    if token not in KINDS:
        refuse(context, f"pulumi-resource-random: {token} (supported: {', '.join(sorted(KINDS))})")
    return KINDS[token]


def _arguments(inputs: Object) -> Object:
    return {name: value for name, value in inputs.items() if not name.startswith(_INTERNAL)}


def _diff_kind(was: bool, is_now: bool) -> provider_pb2.PropertyDiff.Kind.ValueType:
    if not was:
        return provider_pb2.PropertyDiff.ADD_REPLACE
    return provider_pb2.PropertyDiff.UPDATE_REPLACE if is_now else provider_pb2.PropertyDiff.DELETE_REPLACE


def main(argv: list[str]) -> NoReturn:
    """Serve until the engine ends."""
    serve(partial(provider_pb2_grpc.add_ResourceProviderServicer_to_server, RandomProvider()), threading.Event())
