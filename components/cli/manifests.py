"""Manifests of any origin: which files hold them, and their documents; what cannot be read is a Problem."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os.path import realpath
from pathlib import Path
from typing import Any

from ..record import record
from ..spec.errors import Problem, SpecError
from ..spec.yaml_files import LARGEST_MANIFESTS, parse_manifests

STANDARD_INPUT = "-"
_SUFFIXES = (".json", ".yaml", ".yml")
"""The files of a folder that hold manifests, as for `kubectl apply`; what is hidden is left out."""


@record
class Document:
    """One document that holds something.

    Fields: `file`: as the user named it; `number`: counted from 1, empty documents included, 0 where there is one only;
    `content`: of the whole file.
    """

    file: str
    number: int
    data: Any
    content: bytes

    @property
    def text(self) -> str:
        """The whole file, as it was read."""
        return self.content.decode("utf-8-sig")


def read_manifests(paths: Iterable[str]) -> list[Document]:
    """The documents of files, folders and `-`, every file once. Raises SpecError with everything that is wrong."""
    problems: list[Problem] = []
    documents: list[Document] = []
    read: set[str] = set()
    for given in dict.fromkeys(paths):
        files: list[Path] = []
        with _noted(problems, given):
            files = _files(given)
        for file in files:
            with _noted(problems, str(file)):
                if realpath(file) not in read:
                    read.add(realpath(file))
                    documents += _documents(file)
    if problems:
        raise SpecError(problems)
    return documents


@contextmanager
def _noted(problems: list[Problem], path: str) -> Iterator[None]:
    """Makes what is raised inside problems, so that the next file is read all the same."""
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problems.append(Problem(_printable(error.filename or path), "", f"cannot be read: {reason}"))
    except SpecError as error:
        problems += error.problems


def _documents(file: Path) -> list[Document]:
    shown = "standard input" if str(file) == STANDARD_INPUT else _printable(file)
    content = _content(file)
    found = parse_manifests(content, shown)
    alone = len(found) == 1
    every = [Document(shown, 0 if alone else number, data, content) for number, data in enumerate(found, start=1)]
    return [document for document in every if document.data is not None]


def _files(given: str) -> list[Path]:
    """The files behind a path, in order. Raises OSError, and SpecError for a folder without any."""
    path = Path(given)
    if given == STANDARD_INPUT or not path.is_dir():
        return [path]
    found = list(_files_in(path))
    if not found:
        raise SpecError([Problem(_printable(given), "", f"no file in this folder ends in {' or '.join(_SUFFIXES)}")])
    return found


def _files_in(folder: Path) -> Iterator[Path]:
    left, entered = [folder], set[str]()
    while left:
        entry = left.pop()
        if entry.is_dir():
            # A link may lead back to where it is.
            if realpath(entry) not in entered:
                entered.add(realpath(entry))
                inside = [one for one in entry.iterdir() if not one.name.startswith(".")]
                left += sorted(inside, reverse=True)
        elif entry.suffix in _SUFFIXES:
            yield entry


def _content(file: Path) -> bytes:
    if str(file) == STANDARD_INPUT:
        if sys.stdin is None:
            raise SpecError([Problem("standard input", "", "cannot be read: it is closed")])
        return sys.stdin.buffer.read(LARGEST_MANIFESTS + 1)
    if file.exists() and not file.is_file():
        raise SpecError([Problem(_printable(file), "", "cannot be read: neither a file nor a folder")])
    with file.open("rb") as opened:
        return opened.read(LARGEST_MANIFESTS + 1)


def _printable(path: str | Path) -> str:
    """A path in JSON, too: the system lets names hold bytes that are no text."""
    return str(path).encode("utf-8", "backslashreplace").decode()
