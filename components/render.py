"""Manifests as YAML text, and text as a tree of files; deterministic, and only what changed is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

INDEX = ".coalmine-files"
"""Lists what was rendered, so that the next run removes what is gone and nothing else."""


class _Dumper(yaml.CSafeDumper):
    """Several lines of text stay lines; the same object twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def to_yaml(manifest: Mapping[str, Any]) -> str:
    """One object as a YAML document, keys in the order of the manifest."""
    return yaml.dump(dict(manifest), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)


def write_tree(folder: Path, files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Writes the files below a folder and removes those an earlier run wrote; gives what was written and removed."""
    index = folder / INDEX
    before = index.read_text().split() if index.is_file() else []
    written = [path for path, text in sorted(files.items()) if _write(folder / path, text)]
    removed = [path for path in before if path not in files and (folder / path).is_file()]
    for path in removed:
        (folder / path).unlink()
    folder.mkdir(parents=True, exist_ok=True)
    index.write_text("".join(f"{path}\n" for path in sorted(files)))
    return written, removed


def _write(path: Path, text: str) -> bool:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True
