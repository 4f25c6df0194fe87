"""How `coalmine check` may say what it found: every file here is a format, and its name is the format's."""

import pkgutil
from importlib import import_module
from typing import Protocol, cast

from ..report import Report, Unusable


class Format(Protocol):
    """What a format's file holds."""

    def report(self, report: Report) -> str:
        """What was judged, and what is wrong with it."""

    def unusable(self, unusable: Unusable) -> str:
        """Why nothing was judged; empty where the lines on standard error are all."""


def names() -> list[str]:
    """All formats, in alphabetical order; none of them is loaded."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> Format:
    """The format of this name, which is one of `names`."""
    return cast(Format, import_module(f"{__name__}.{name}"))
