"""The order of the set-up: what is lacking first, all of it; then the virtual environment; then the tools."""

import argparse
import signal
import sys
import time
from types import FrameType

from components.releases import TOOLS, GoModule
from localcluster.tools import BuildsFailed, ToolchainFailed, ToolMissing, cache_dir, ensure, missing
from localcluster.tools.layout import VENV
from localcluster.tools.process import Children
from localcluster.tools.progress import ProgressLine, clock

from . import environment, preflight, reach

_INTERRUPTED = 130


class Lacking(Exception):
    """The machine lacks something; the text has one line for each thing."""


def main(arguments: list[str]) -> int:
    """Set up the checkout; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 -m localcluster.bootstrap", description="Make everything that this checkout needs."
    )
    parser.add_argument("--no-tools", action="store_true", help="only .venv: enough to lint, or for your own cluster")
    parser.add_argument("--tests", action="store_true", help="the tools that only the project's own tests need, too")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        wanted = [tool.name for tool in TOOLS if options.tests or not tool.for_tests]
        _set_up([] if options.no_tools else wanted)
    except KeyboardInterrupt:
        return _say("interrupted, nothing runs any more: run the same command again to resume", _INTERRUPTED)
    except OSError as failure:
        return _say(f"{failure}: check that place and its permissions, then run the same command again", 1)
    except (Lacking, BuildsFailed, environment.EnvironmentFailed, ToolchainFailed, ToolMissing) as failure:
        return _say(str(failure), 1)
    return 0


def _set_up(tools: list[str]) -> None:
    began = time.monotonic()
    to_build = missing(tools) if tools else []
    install = not environment.is_current()
    _refuse(preflight.lacks(cluster=bool(tools), build=bool(to_build)))
    if not install and not to_build:
        # Every command comes through here: when all is there, it says nothing.
        return
    children = Children()
    try:
        if install:
            _note(began, f"making {VENV.name}, then asking the registries")
            environment.create(children)
        _refuse(_unreachable(children, install=install, to_build=to_build))
        if install:
            _note(began, f"installing the Python dependencies into {VENV.name}")
            environment.fill(children)
    except BaseException:
        children.stop()
        raise
    if tools:
        if to_build:
            minutes = sum(module.build_seconds for module in to_build) / 2 / 60
            _note(
                began, f"building tools into {cache_dir()}, about {minutes:.0f} minutes on 2 cores with an empty cache"
            )
        ensure(tools, progress=ProgressLine(began=began))
    _note(began, "everything is set up")


def _unreachable(children: Children, *, install: bool, to_build: list[GoModule]) -> list[str]:
    lack = reach.package_index_lack() if install and not environment.holds_dependencies() else None
    if not lack and to_build:
        lack = reach.module_proxy_lack(to_build[0], children)
    return [lack] if lack else []


def _refuse(lines: list[str]) -> None:
    if lines:
        raise Lacking("\n".join(lines))


def _note(began: float, text: str) -> None:
    print(f"[{clock(time.monotonic() - began)}] {text}", file=sys.stderr, flush=True)


def _say(text: str, code: int) -> int:
    for line in text.splitlines():
        print(f"coalmine: {line}", file=sys.stderr)
    return code


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
