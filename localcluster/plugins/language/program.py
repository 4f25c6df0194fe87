"""Stand-in for pulumi-language-python-exec: runs one Pulumi program in the program's own Python.

This file is a script: the language host starts it with the virtual environment's Python, which may have no other
part of this project.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import runpy
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The engine then says nothing more: the program has already shown what is wrong.
ALREADY_SHOWN = 32


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments that the language host passes; the rest belongs to the program."""
    parser = argparse.ArgumentParser(description="Run a Pulumi program")
    for name in ("project", "root_directory", "stack", "parallel", "dry_run", "pwd", "monitor", "engine"):
        parser.add_argument(f"--{name}", default=None)
    parser.add_argument("--organization", default=None)
    parser.add_argument("program")
    parser.add_argument("args", nargs="*")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the program; 0, 1 (a RunError, already logged), or 32 (anything else, already logged)."""
    # The program must not find this script's neighbours when it imports.
    del sys.path[0]
    try:
        import pulumi.runtime  # noqa: F401
    except ImportError as error:
        print(f"the Pulumi SDK cannot be imported ({error}): install it into {sys.prefix}", file=sys.stderr)
        return 1
    args = parse(argv)
    _configure(args)
    sys.argv = [args.program, *args.args]
    if args.pwd is not None:
        os.chdir(args.pwd)
    return _run(args.program, max(int(args.parallel or 0), 1) * 4)


def _configure(args: argparse.Namespace) -> None:
    from pulumi import runtime

    runtime.set_all_config(runtime.get_config_env(), runtime.get_config_secret_keys_env())
    settings = runtime.Settings(
        monitor=args.monitor,
        engine=args.engine,
        project=args.project,
        stack=args.stack,
        parallel=int(args.parallel or 0),
        dry_run=args.dry_run == "true",
        organization=args.organization,
        root_directory=args.root_directory,
    )
    runtime.configure(settings)


def _run(program: str, threads: int) -> int:
    import pulumi

    # A program that fails leaves futures behind; asyncio would print about each of them.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        with ThreadPoolExecutor(max_workers=threads) as executor:
            loop.set_default_executor(executor)
            loop.run_until_complete(pulumi.runtime.run_in_stack(lambda: _execute(program)))
        return 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _user_traceback(program))
        return ALREADY_SHOWN
    finally:
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def _execute(program: str) -> None:
    import pulumi

    path = Path(program).resolve()
    if path.is_dir() and not (path / "__main__.py").exists():
        pulumi.log.error(f"unable to find main python program `__main__.py` in `{path}`")
        raise SystemExit(ALREADY_SHOWN)
    runpy.run_path(program, run_name="__main__")


def _module(path: str) -> str:
    resolved = Path(path).resolve()
    return str(resolved.with_suffix("") if resolved.suffix else resolved / "__main__")


def _user_traceback(program: str) -> str:
    """The traceback of the current exception from the user's program on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if _module(frame.filename) == _module(program):
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
