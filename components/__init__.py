"""Coalmine: GitOps and progressive delivery as typed Pulumi components.

What stands in `__all__` is loaded on first use, because everything else here works without Pulumi.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app import App
    from .git_tree import ByGit
    from .platform import Platform

__all__ = ["App", "ByGit", "Platform"]

_HOME_OF = {"App": ".app", "ByGit": ".git_tree", "Platform": ".platform"}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import gc
    from importlib import import_module

    # What is loaded stays: the collector would look through it again and again while the models are made, a third of
    # the time that loading takes.
    enabled = gc.isenabled()
    gc.disable()
    try:
        return getattr(import_module(_HOME_OF[name], __name__), name)
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
