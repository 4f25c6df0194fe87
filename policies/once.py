"""Has the engine's SDK convert each resource once, and not once for every policy.

The server of the SDK turns the properties of a request into plain data anew for each policy, and wraps all of it to
notice unknown values, though no policy may change them: with as many rules as the pack has, that is nearly all of its
time. `install` puts itself between the SDK's server and the three functions by which it converts. It remembers by
message, for one thread, and forgets when the pack says that a request has been judged. Source: pulumi-policy 1.21,
policy.py (Analyze, AnalyzeStack).
"""

import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

server: Any = import_module("pulumi_policy.policy")

_MOST = 100_000
"""Messages that are remembered at most, should the last policy of the pack be switched off."""


class _Memory(threading.local):
    def __init__(self) -> None:
        self.kept: dict[int, tuple[Any, Any]] = {}

    def of(self, source: Any, convert: Callable[[Any], Any]) -> Any:
        """What a source was converted to. It is kept as well, so that nothing else can get its identity."""
        found = self.kept.get(id(source))
        if found is None or found[0] is not source:
            if len(self.kept) > _MOST:
                self.kept.clear()
            found = self.kept[id(source)] = (source, convert(source))
        return found[1]


_memory = _Memory()


class _Once:
    """Stands for the module `json_format` in the SDK's server."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def MessageToDict(self, message: Any) -> Any:  # noqa: N802
        return _memory.of(message, self._module.MessageToDict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def install() -> None:
    """Puts the memory between the SDK's server and its conversions; once."""
    if isinstance(server.json_format, _Once):
        return
    deserialize, proxied = server.deserialize_properties, server.unknown_checking_proxy

    def deserialize_once(props: Any, proxy_secrets: bool = False) -> Any:
        # A remediation may change what it gets.
        return deserialize(props, True) if proxy_secrets else _memory.of(props, deserialize)

    def proxied_once(props: Any) -> Any:
        return _memory.of(props, proxied)

    server.json_format = _Once(server.json_format)
    server.deserialize_properties = deserialize_once
    server.unknown_checking_proxy = proxied_once


def forget() -> None:
    """Forgets everything: the next request is another one."""
    _memory.kept.clear()
