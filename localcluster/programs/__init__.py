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

from .program import Launch, Place, Program

ADDRESSES = "10.244.250."
"""How the addresses of pods that run as processes begin; kwok gives out others."""

__all__ = ["ADDRESSES", "Launch", "Place", "Program", "discover", "image_pattern", "program_for", "taken_ports"]


@cache
def discover() -> tuple[Program, ...]:
    """Every program of this folder, by name. Raises ValueError when two claim one image."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "program")
    programs = tuple(import_module(f"{__name__}.{name}").PROGRAM for name in names)
    claimed: dict[str, str] = {}
    for program in programs:
        for repository in program.repositories:
            if repository in claimed:
                raise ValueError(f"programs {claimed[repository]} and {program.name} both claim image {repository}")
            claimed[repository] = program.name
    return programs


def program_for(image: str) -> Program | None:
    """The program that an image stands for, None when it stands for none. Registry, tag and digest do not matter."""
    for program in discover():
        if re.search(_pattern(program.repositories), image):
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
