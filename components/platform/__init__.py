"""The platform of a cluster. `Platform` is loaded on first use: everything else here works without Pulumi."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .component import Platform

__all__ = ["Platform"]


def __getattr__(name: str) -> Any:
    if name != "Platform":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .component import Platform

    return Platform
