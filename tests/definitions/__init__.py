"""Where the definitions of the routers' own kinds come from: one file per router, with a `SOURCE`."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import yaml

from components.platform.sources import Source, fetch, locate
from localcluster.tools.toolchain import go_program

Manifest = dict[str, Any]


def sources() -> list[Source]:
    """Every source, in alphabetical order of its file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").SOURCE for name in names]


def definitions() -> Iterator[Manifest]:
    """Every definition in them; a module that is not there yet is downloaded by Go, and its files are verified."""
    fetch(str(go_program()), sources())
    for source in sources():
        for path in sorted(path for name in source.paths for path in locate(source).glob(name)):
            for item in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
                if item and item["kind"] == "CustomResourceDefinition":
                    yield item
