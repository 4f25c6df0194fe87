"""Stand-in for pulumi-language-python: the LanguageRuntime service.

Upstream source: sdk/python/cmd/pulumi-language-python/main.go of github.com/pulumi/pulumi.
"""

# ruff: noqa: N802 -- the methods have the names of the gRPC service.

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from ..wire.errors import PluginError, abort
from ..wire.refuse import refusing
from ..wire.serve import serve
from ..wire.values import from_struct
from .environment import PythonEnvironment, resolve
from .packages import distributions, plugin_packages
from .processes import Processes
from .program import ALREADY_SHOWN

_EXEC = Path(__file__).with_name("program.py")
_Base: Any = refusing(language_pb2_grpc.LanguageRuntimeServicer, "pulumi-language-python")


class LanguageHost(_Base):  # type: ignore[misc]
    """Runs Python programs, and plug-ins and policy packs written in Python."""

    def __init__(self, engine_address: str, processes: Processes) -> None:
        self._engine_address = engine_address
        self._processes = processes

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        self._engine_address = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        # The host has the engine's version, as the official one, which ships with the engine.
        return plugin_pb2.PluginInfo(version=_sdk_version())

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        environment = _environment(request.info, context)
        packages = [
            plugin_pb2.PackageDependency(
                name=item.name, kind="resource", version=f"v{item.version}" if item.version else "", server=item.server
            )
            for item in plugin_packages(environment)
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=packages)

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        environment = _environment(request.info, context)
        plugins = [
            plugin_pb2.PluginDependency(name=item.name, kind="resource", version=f"v{item.version}", server=item.server)
            for item in plugin_packages(environment)
        ]
        return language_pb2.GetRequiredPluginsResponse(plugins=plugins)

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        if request.attach_debugger:
            abort(context, PluginError("--attach-debugger is not supported by the bundled Pulumi plug-ins"))
        environment = _environment(request.info, context)
        env = environment.variables(os.environ)
        env["PULUMI_CONFIG"] = json.dumps(dict(sorted(request.config.items())))
        env["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(list(request.configSecretKeys))
        command = [environment.python, "-u", str(_EXEC), *self._arguments(request)]
        return _run_response(self._processes.run(context, command, str(Path.cwd()), env))

    def _arguments(self, request: language_pb2.RunRequest) -> list[str]:
        named = {
            "monitor": request.monitor_address,
            "engine": self._engine_address,
            "project": request.project,
            "root_directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "dry_run": "true" if request.dryRun else "false",
            "parallel": str(request.parallel),
            "organization": request.organization,
        }
        flags = [item for key, value in named.items() if value for item in (f"--{key}", value)]
        return [*flags, request.info.entry_point or ".", *request.args]

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        # Official: a plug-in or policy pack never runs in the ambient Python; its folder's `venv` is the default.
        environment = _environment(request.info, context, default_virtualenv="venv")
        env = environment.variables(dict(item.split("=", 1) for item in request.env) or os.environ)
        command = [environment.python, "-u", request.info.program_directory, *request.args]
        if request.kind == "analyzer":
            command = [environment.python, "-u", "-m", "pulumi.policy", *request.args, request.info.program_directory]
        for item in self._processes.stream(context, command, request.pwd, env):
            if isinstance(item, int):
                yield language_pb2.RunPluginResponse(exitcode=item)
            elif item[0] == "stdout":
                yield language_pb2.RunPluginResponse(stdout=item[1])
            else:
                yield language_pb2.RunPluginResponse(stderr=item[1])

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        message = (
            "the bundled Pulumi plug-ins install nothing: 'make demo' and 'make test' create the virtual environment"
        )
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        yield language_pb2.InstallDependenciesResponse()

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        return language_pb2.RuntimeOptionsResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        environment = _environment(request.info, context)
        command = [environment.python, "-c", "import platform; print(platform.python_version())"]
        version = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        return language_pb2.AboutResponse(executable=environment.python, version=version)

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        found = distributions(_environment(request.info, context))
        dependencies = [language_pb2.DependencyInfo(name=name, version=version) for name, version in found]
        return language_pb2.GetProgramDependenciesResponse(dependencies=dependencies)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        # Official: advisory, the program ends by itself when the engine closes its monitor.
        return empty_pb2.Empty()


def _environment(
    info: language_pb2.ProgramInfo, context: grpc.ServicerContext, default_virtualenv: str = ""
) -> PythonEnvironment:
    try:
        return resolve(info.root_directory, from_struct(info.options), default_virtualenv)
    except PluginError as error:
        abort(context, error)


def _run_response(status: int) -> language_pb2.RunResponse:
    if status == ALREADY_SHOWN:
        return language_pb2.RunResponse(bail=True)
    if status != 0:
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {status}")
    return language_pb2.RunResponse()


def _sdk_version() -> str:
    from importlib.metadata import version

    return version("pulumi")


def main(argv: list[str]) -> NoReturn:
    """Serve until the engine ends; the engine's address is the last argument."""
    processes = Processes()
    host = LanguageHost(argv[-1] if argv else "", processes)
    register = partial(language_pb2_grpc.add_LanguageRuntimeServicer_to_server, host)
    serve(register, threading.Event(), processes.stop)
