"""Stand-in for pulumi-language-python: what is installed in the program's Python, read from its site-packages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .environment import PythonEnvironment


@dataclass(frozen=True)
class PluginPackage:
    """A plug-in that an installed package asks for: name, version (x.y.z) and download server ("" for Pulumi's)."""

    name: str
    version: str
    server: str


def site_packages(environment: PythonEnvironment) -> list[Path]:
    """The folders that hold installed packages; none for a Python outside a virtual environment."""
    if environment.virtualenv is None:
        return []
    return sorted(environment.virtualenv.glob("lib/python3.*/site-packages"))


def distributions(environment: PythonEnvironment) -> Iterator[tuple[str, str]]:
    """Name and version of every installed package, by name; names are normalised as pip does."""
    found = metadata.distributions(path=[str(folder) for folder in site_packages(environment)])
    pairs = {(re.sub(r"[-_.]+", "-", item.metadata["Name"]).lower(), item.version) for item in found}
    yield from sorted(pairs)


def plugin_packages(environment: PythonEnvironment) -> list[PluginPackage]:
    """The plug-ins that installed packages declare in their pulumi-plugin.json, by name."""
    files = [file for folder in site_packages(environment) for file in folder.glob("*/pulumi-plugin.json")]
    declared = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    packages = {
        PluginPackage(item["name"], item.get("version", ""), item.get("server", ""))
        for item in declared
        if item.get("resource") and item.get("name")
    }
    return sorted(packages, key=lambda package: (package.name, package.version))
