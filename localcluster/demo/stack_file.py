"""A stack's configuration in a file of its own, so that a release changes no file that Git knows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from components.spec.origin import NAMESPACE


def write_stack_file(source: Path, target: Path, apps: Sequence[str], overrides: Mapping[str, Any]) -> Path:
    """Copies a stack file with other apps, named by file, and other overrides of them."""
    content = yaml.safe_load(source.read_text())
    content["config"] |= {f"{NAMESPACE}:apps": list(apps), f"{NAMESPACE}:overrides": dict(overrides)}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(content, sort_keys=False))
    return target
