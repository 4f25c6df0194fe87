"""Finds the variants: every model in engines/, routers/ and metrics/ registers itself by being there."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType

from .contracts import Engine, MetricProvider, Router
from .spec.registry import VariantModel, register

FAMILIES: dict[str, tuple[str, type[VariantModel]]] = {
    "engine": ("engines", Engine),
    "router": ("routers", Router),
    "metrics": ("metrics", MetricProvider),
}
"""Family -> folder and contract."""


@cache
def discover() -> None:
    """Registers all variants, once. Raises DuplicateVariantError where two files claim one kind."""
    for family, (folder, contract) in FAMILIES.items():
        package = import_module(f".{folder}", __package__)
        for module in pkgutil.iter_modules(package.__path__):
            for model in variants_in(import_module(f"{package.__name__}.{module.name}"), contract):
                register(family, model)


def variants_in(module: ModuleType, contract: type[VariantModel]) -> list[type[VariantModel]]:
    """The concrete models of a contract that a module defines itself."""
    own = [member for _, member in inspect.getmembers(module, inspect.isclass) if member.__module__ == module.__name__]
    return [member for member in own if issubclass(member, contract) and not inspect.isabstract(member)]
