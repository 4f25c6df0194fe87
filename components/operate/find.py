"""Finds the operators of the engines, and an app's release on a cluster."""

import http.client
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from ..access.client import Api, ApiError, path_of
from ..spec.errors import nearest
from ..spec.labels import NAME_LABEL
from . import engines
from .contract import Operator


class NotFoundError(Exception):
    """The cluster has no such app, or several; one line that says what it has."""


@cache
def operators() -> Mapping[str, Operator]:
    """Every engine's operator by the engine's kind, in alphabetical order."""
    found: dict[str, Operator] = {}
    for module in pkgutil.iter_modules(engines.__path__):
        for _, member in inspect.getmembers(import_module(f"{engines.__name__}.{module.name}"), inspect.isclass):
            if issubclass(member, Operator) and not inspect.isabstract(member):
                found[member.kind] = member()
    return dict(sorted(found.items()))


def operator_of(engine: str) -> Operator:
    """The operator of an engine that a stack names. Raises NotFoundError where it has none."""
    try:
        return operators()[engine]
    except KeyError:
        raise NotFoundError(f"releases of engine '{engine}' cannot be operated{nearest(engine, operators())}") from None


def look_up(api: Api, app: str, namespace: str | None) -> tuple[Operator, str]:
    """The operator and the namespace of an app, found by its label. Raises NotFoundError."""
    places = [
        (operator, where)
        for operator in operators().values()
        for name, where in _apps(api, operator, f"{NAME_LABEL}={app}")
        if name == app and namespace in (None, where)
    ]
    if len(places) == 1:
        return places[0]
    if places:
        spaces = ", ".join(sorted({where for _, where in places}))
        raise NotFoundError(f"app '{app}' is in several namespaces ({spaces}): choose one with --namespace")
    known = {
        name
        for operator in operators().values()
        for name, where in _apps(api, operator, NAME_LABEL)
        if namespace in (None, where)
    }
    inside = f" in namespace '{namespace}'" if namespace else ""
    hint = nearest(app, known) or ": it has none that an engine releases"
    raise NotFoundError(f"no app '{app}'{inside} on the cluster {api.server}{hint}")


def _apps(api: Api, operator: Operator, selector: str) -> Iterable[tuple[str, str]]:
    """Name and namespace of the apps that an engine has objects for."""
    try:
        found = api.items(path_of(operator.collection), labelSelector=selector)
    except ApiError as error:
        # A cluster without this engine does not know its kinds.
        if error.status == http.client.NOT_FOUND:
            return []
        raise
    return [(item["metadata"]["name"], item["metadata"]["namespace"]) for item in found]
