"""What a change touches: files from Git, then the stacks that these files concern."""

import io
import subprocess
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path

from ...record import record
from ...spec.yaml_files import LARGEST_FILE
from ..output import UserError

_NO_STACK = (".ci/", ".github/", "benchmarks/", "docs/", "examples/", "localcluster/", "tests/")
"""Folders that no stack is made of. Whatever is not known to be harmless concerns all stacks."""
_STACK_FILE = "stacks/Pulumi."


@record
class Change:
    """A change against the commit it began at.

    Fields: `base`: that commit, shortened; `files`: changed, new and deleted files, relative to the project's folder;
    `before`: a folder that holds the project's files as they were, without those of more than a megabyte.
    """

    base: str
    files: tuple[str, ...]
    before: Path


def diff(root: Path, base: str, before: Path) -> Change:
    """Compares the project as it lies there, new files included, with where it left `base`. Raises UserError."""
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{base}^{{commit}}").decode().strip()
    start = _git(root, "merge-base", commit, "HEAD").decode().strip()
    tracked = _names(_git(root, "diff", "--name-only", "-z", "--no-renames", "--relative", start))
    files = sorted({*tracked, *_names(_git(root, "ls-files", "-z", "--others", "--exclude-standard"))})
    _unpack(_git(root, "archive", "--format=tar", start), before)
    return Change(start[:12], tuple(files), before)


def place_in_repository(root: Path) -> str:
    """The project's folder below the top of its repository, e.g. `platform/`; empty where it is the top."""
    return _git(root, "rev-parse", "--show-prefix").decode("utf-8", "surrogateescape").removesuffix("\n")


def project_files(root: Path) -> list[str]:
    """The files of the project that Git knows or would take, relative to its folder. Raises UserError."""
    listed = _names(_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    return sorted({name for name in listed if (root / name).is_file()})


def concerned_stacks(files: Collection[str], stacks: Mapping[str, Collection[str]]) -> list[str]:
    """The stacks that changed files concern, in order. `stacks`: the files of each one's own, apps included."""
    own = {file for owned in stacks.values() for file in owned}
    if any(not _is_harmless(file) and file not in own for file in files):
        return sorted(stacks)
    return sorted(name for name, owned in stacks.items() if not set(owned).isdisjoint(files))


def _is_harmless(file: str) -> bool:
    """Concerns no stack, or (a stack file of which no stack is left) none that is still there."""
    return file.startswith((*_NO_STACK, _STACK_FILE)) or file.endswith((".md", ".sarif"))


def _unpack(archive: bytes, target: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() and member.size <= LARGEST_FILE else None
            if content is not None:
                (target / member.name).parent.mkdir(parents=True, exist_ok=True)
                (target / member.name).write_bytes(content.read())
    target.mkdir(parents=True, exist_ok=True)


def _names(listed: bytes) -> list[str]:
    return [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]


def _git(root: Path, *arguments: str) -> bytes:
    try:
        ran = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except OSError as error:
        raise UserError(f"git cannot be run: {error}") from None
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines() or ["no such commit, or no common history"]
        hint = "name a branch or commit that is here with --base, and fetch its history (fetch-depth: 0 in a workflow)"
        raise UserError(f"git {arguments[0]}: {said[-1].removeprefix('fatal: ')}: {hint}")
    return ran.stdout
