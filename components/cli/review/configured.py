"""What a site sets for its policies, as a review shows it to Pulumi and to the rules themselves.

Pulumi leaves names that no rule has aside, so a file is read here first; and no review changes an object, so what a
stack has remedied by Pulumi is refused here, as in `coalmine check`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..check import configured_rules, read_configuration
from ..pack import in_folder

_STACK = "{stack}"
_LEVEL = "enforcementLevel"


def file_of(given: Path | None, stack: str) -> Path | None:
    """The file for a stack: `{stack}` in its path stands for the stack's name."""
    return None if given is None else Path(str(given).replace(_STACK, stack))


def for_preview(file: Path, policies: Path) -> str:
    """The file's content as Pulumi takes it. `policies`: the pack's folder. Raises SpecError, UserError."""
    configured_rules(file, in_folder(policies))
    return json.dumps({name: _without_remedy(value) for name, value in read_configuration(file).items()})


def _without_remedy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {**value, _LEVEL: _without_remedy(value[_LEVEL])} if _LEVEL in value else value
    return "mandatory" if value == "remediate" else value
