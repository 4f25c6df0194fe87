"""The programs that run as real processes for the pods that ask for them: one file per program.

A pod runs as a process when the image of one of its containers belongs to a program; every other pod only exists in
the API server and is answered for by the pods process. Adding a program is adding a file with `PROGRAM` in it.

All processes share one network namespace: two replicas of a program would fight for its ports, so the oldest pod of
each Deployment runs and the others are reported Ready, standing by.
"""

import pkgutil
import re
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath

from ..api import Object
from .program import Launch, Place, Program

ADDRESSES = "10.244.250."
"""How the addresses of pods that run as processes begin; kwok gives out others."""

__all__ = ["ADDRESSES", "Launch", "Place", "Program", "discover", "image_pattern", "program_for", "taken_ports"]


@cache
def discover() -> tuple[Program, ...]:
    """Every program of this folder, by name. Raises ValueError when two claim one image, or one command of it."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "program")
    programs = tuple(import_module(f"{__name__}.{name}").PROGRAM for name in names)
    claimed: dict[tuple[str, str], str] = {}
    for program in programs:
        for place in ((repository, program.command) for repository in program.repositories):
            if place in claimed:
                raise ValueError(f"programs {claimed[place]} and {program.name} both claim image {place[0]}")
            claimed[place] = program.name
    return programs


def program_for(container: Object) -> Program | None:
    """The program that a container stands for, None when it stands for none.

    Of its image, registry, tag and digest do not matter; of its command, the folder does not.
    """
    command = PurePosixPath(next(iter([*container.get("command", ()), *container.get("args", ())]), "")).name
    for program in discover():
        if program.command in ("", command) and re.search(_pattern(program.repositories), container["image"]):
            return program
    return None


@cache
def taken_ports() -> dict[int, str]:
    """The ports that programs take on every address of the namespace, with the program's name: no pod can have them."""
    return {port: program.name for program in discover() for port in program.taken}


def image_pattern() -> str:
    """A regular expression, for Python and for kwok's stages, that finds the images of all programs."""
    return _pattern(tuple(repository for program in discover() for repository in program.repositories))


def _pattern(repositories: tuple[str, ...]) -> str:
    # The registry before it may be a mirror.
    return f"(^|/)({'|'.join(repositories)})([:@]|$)"
