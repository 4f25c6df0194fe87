"""Where the definitions of the routers' own kinds come from: one file per router, with a `SOURCE`."""

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from components.platform.sources import Source, fetch, locate
from localcluster.tools.toolchain import go_program

Manifest = dict[str, Any]


def sources() -> list[Source]:
    """Every source, in alphabetical order of its file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [import_module(f"{__name__}.{name}").SOURCE for name in names]


def definitions(of: Iterable[Source] = ()) -> Iterator[Manifest]:
    """Every definition in these sources, all unless given.

    A module that is not there yet is downloaded by Go, and its files are verified.
    """
    wanted = list(of) or sources()
    fetch(str(go_program()), wanted)
    for source in wanted:
        for path in _files(source):
            for item in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader):
                if item and item["kind"] == "CustomResourceDefinition":
                    yield item


def _files(source: Source) -> list[Path]:
    places = [locate(source) / name for name in source.paths]
    return sorted(file for place in places for file in (place.rglob("*.yaml") if place.is_dir() else [place]))
