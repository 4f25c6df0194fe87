"""Manifests of any origin: which files hold them, and their documents; what cannot be read is a Problem."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..spec.errors import Problem, SpecError
from ..spec.yaml_files import LARGEST_MANIFESTS, parse_manifests

STANDARD_INPUT = "-"
_SUFFIXES = (".json", ".yaml", ".yml")
"""The files of a folder that hold manifests, as for `kubectl apply`; what is hidden is left out."""


@dataclass(frozen=True)
class Document:
    """One document that holds something.

    Fields: `file`: as the user named it; `number`: counted from 1, empty documents included, 0 where there is one only.
    """

    file: str
    number: int
    data: Any


def read_manifests(paths: Iterable[str]) -> list[Document]:
    """The documents of files, folders and `-`, every file once. Raises SpecError with everything that is wrong."""
    problems: list[Problem] = []
    documents: list[Document] = []
    read: set[Path] = set()
    for given in dict.fromkeys(paths):
        try:
            for file in _files(given):
                if file.resolve() not in read:
                    read.add(file.resolve())
                    documents += _documents(str(file), _content(file), problems)
            if given == STANDARD_INPUT:
                documents += _documents("standard input", sys.stdin.buffer.read(LARGEST_MANIFESTS + 1), problems)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            problems.append(Problem(str(error.filename or given), "", f"cannot be read: {reason}"))
        except SpecError as error:
            problems += error.problems
    if problems:
        raise SpecError(problems)
    return documents


def _documents(shown: str, content: bytes, problems: list[Problem]) -> Sequence[Document]:
    try:
        found = parse_manifests(content, shown)
    except SpecError as error:
        problems += error.problems
        return ()
    alone = len(found) == 1
    every = [Document(shown, 0 if alone else number, data) for number, data in enumerate(found, start=1)]
    return [document for document in every if document.data is not None]


def _files(given: str) -> Iterator[Path]:
    """The files behind a path, in order. Raises OSError, and SpecError for a folder without any."""
    if given == STANDARD_INPUT:
        return
    path = Path(given)
    if not path.is_dir():
        yield path
        return
    found = list(_files_in(path))
    if not found:
        raise SpecError([Problem(given, "", f"no file in this folder ends in {' or '.join(_SUFFIXES)}")])
    yield from found


def _files_in(folder: Path) -> Iterator[Path]:
    left, entered = [folder], set()
    while left:
        entry = left.pop()
        if entry.is_dir():
            # A link may lead back to where it is.
            if entry.resolve() not in entered:
                entered.add(entry.resolve())
                inside = [one for one in entry.iterdir() if not one.name.startswith(".")]
                left += sorted(inside, reverse=True)
        elif entry.suffix in _SUFFIXES:
            yield entry


def _content(file: Path) -> bytes:
    if file.exists() and not file.is_file():
        raise SpecError([Problem(str(file), "", "cannot be read: neither a file nor a folder")])
    with file.open("rb") as opened:
        return opened.read(LARGEST_MANIFESTS + 1)
