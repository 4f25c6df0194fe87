"""What makes a built program the same program: its version, sources, flags and compiler."""

import hashlib
from pathlib import Path

from components.releases import GO, GoModule, Tool, tools_of

from .layout import GO_MODULES, binaries_dir

# Debug information is stripped by the linker anyway; not making it saves a sixth of the time.
BUILD_FLAGS = ("-trimpath", "-mod=readonly", "-buildvcs=false", "-gcflags=all=-dwarf=false")


def go_mod_dir(module: GoModule) -> Path:
    """The folder that holds the go.mod and go.sum of a tool's module."""
    return GO_MODULES / module.name


def build_arguments(module: GoModule) -> list[str]:
    """The flags of `go build` for a module; symbol tables are left out because they double the linking time."""
    linker = ["-s", "-w", *(f"-X {variable}={value}" for variable, value in module.variables)]
    tags = ["-tags", ",".join(module.tags)] if module.tags else []
    return [*BUILD_FLAGS, *tags, "-ldflags", " ".join(linker)]


def build_identity(module: GoModule) -> str:
    """Sixteen hexadecimal digits that change with the version, go.mod, go.sum, the flags, the packages or Go."""
    digest = hashlib.sha256()
    parts = [module.version, GO.version, *build_arguments(module), *(tool.package for tool in tools_of(module))]
    digest.update("\0".join(parts).encode())
    for name in ("go.mod", "go.sum"):
        digest.update(b"\0" + (go_mod_dir(module) / name).read_bytes())
    return digest.hexdigest()[:16]


def built_dir(module: GoModule) -> Path:
    """The cache folder that a module's finished programs lie in."""
    return binaries_dir() / f"{module.name}-{build_identity(module)}"


def built_path(module: GoModule, tool: Tool) -> Path:
    """Where the cache holds a program of a module, whether it was built yet or not."""
    return built_dir(module) / tool.executable
