"""`kustomize build`: an overlay becomes the text of its objects."""

from pathlib import Path

from ..releases import KUSTOMIZE
from .program import pinned, run


def build(folder: Path) -> str:
    """The overlay's objects, in kustomize's own order. Raises TemplatingError.

    Plug-ins and charts inside of it stay off, as they are by default: they run programs of their own.
    """
    kustomize = pinned(KUSTOMIZE, "overlays", "version")
    return run([kustomize, "build", str(folder)], folder, {})
