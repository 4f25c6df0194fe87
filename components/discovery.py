"""Finds the variants: every file in engines/, routers/, metrics/, notify/ and gitops/ is one.

Each is known by its name before it is loaded.
"""

import inspect
import pkgutil
from functools import cache, partial
from importlib import import_module

from .contracts import Channel, Engine, MetricProvider, Router
from .spec.registry import VariantModel, kind_of, register
from .through_git import GitOps

FAMILIES: dict[str, tuple[str, type[VariantModel]]] = {
    "engine": ("engines", Engine),
    "router": ("routers", Router),
    "metrics": ("metrics", MetricProvider),
    "notify": ("notify", Channel),
    "gitops": ("gitops", GitOps),
}
"""Family -> folder and contract."""


class MisnamedVariantError(Exception):
    """A file does not hold the one variant that it is named after."""


@cache
def discover() -> None:
    """Makes all variants known, once: `gateway_api.py` holds the kind `gateway-api`."""
    for family, (folder, contract) in FAMILIES.items():
        package = import_module(f".{folder}", __package__)
        for module in pkgutil.iter_modules(package.__path__):
            kind = module.name.replace("_", "-")
            register(family, kind, partial(_load, f"{package.__name__}.{module.name}", contract, kind))


@cache
def _load(name: str, contract: type[VariantModel], kind: str) -> type[VariantModel]:
    """The concrete model of a contract that a file defines itself. Raises MisnamedVariantError."""
    module = import_module(name)
    own = [member for _, member in inspect.getmembers(module, inspect.isclass) if member.__module__ == name]
    found = [member for member in own if issubclass(member, contract) and not inspect.isabstract(member)]
    if [kind_of(model) for model in found] != [kind]:
        held = ", ".join(f"'{kind_of(model)}'" for model in found) or "none"
        raise MisnamedVariantError(f"{name} must hold one {contract.__name__} of kind '{kind}', and holds {held}")
    return found[0]
