"""The policy pack's modules: of the pack beside this package, or of one in another folder."""

import sys
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from .output import UserError

BESIDE = "policies" if __name__.startswith("components.") else "coalmine_policies"
"""The name of the pack beside this package: in the checkout it has the name of its folder."""


def part(name: str, pack: str = BESIDE) -> Any:
    """A module of a pack."""
    return import_module(f"{pack}.{name}")


def in_folder(folder: Path) -> str:
    """The name under which the pack in a folder is loaded. Raises UserError where it is none of this kind."""
    inside = folder.resolve()
    if inside == Path(str(import_module(BESIDE).__file__)).resolve().parent:
        return BESIDE
    name = f"pack_{sha256(str(inside).encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        _load(name, inside)
    return name


def _load(name: str, folder: Path) -> None:
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None or not (folder / "documents.py").is_file():
        raise UserError(f"the policies in {folder} judge only what Pulumi previews: copy Coalmine's pack to change it")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
