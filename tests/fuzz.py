"""Odd YAML thrown at `coalmine validate`, `plan` and `render`: whatever a file holds, a mistake is answered as one.

`python -m tests.fuzz [--seconds 600] [--seed 1]`, or `make fuzz`: mutates the files of the examples and prints every
input that ended otherwise than in output or in the error for mistakes, or that took too long. The same seed tries the
same inputs in the same order. Exit 1 where one was found; its files are kept in `.fuzz/`.
"""

import argparse
import contextlib
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from components.cli import plan, render, validate
from components.cli.output import UserError
from components.spec.errors import SpecError
from tests import odd_yaml
from tests.specs import ROOT

SLOW_SECONDS = 5.0
"""A file may have 1 MB; a person waits no longer for what is wrong with it."""
KEPT = ROOT / ".fuzz"


@dataclass(frozen=True)
class Finding:
    """An input that was not answered as it should. `files`: path and content; `said`: the error."""

    number: int
    files: dict[str, bytes]
    said: str


@dataclass
class Result:
    """What became of the inputs."""

    accepted: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def tried(self) -> int:
        return self.accepted + self.refused + len(self.findings)


def fuzz(seconds: float, seed: int, most_findings: int = 20) -> Result:
    """Tries inputs for so long, or until so many were not answered as they should."""
    result = Result()
    began = time.monotonic()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="coalmine-fuzz-") as folder:
        while time.monotonic() - began < seconds and len(result.findings) < most_findings:
            files = odd_yaml.project(chance)
            said = _answer(Path(folder), files, result)
            if said:
                result.findings.append(Finding(result.tried, files, said))
    return result


def _answer(folder: Path, files: dict[str, bytes], result: Result) -> str:
    """Runs the verbs on a project; says what is wrong with the answer, and counts it where nothing is."""
    root = folder / "project"
    shutil.rmtree(root, ignore_errors=True)
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    began = time.monotonic()
    try:
        answers = [_is_accepted(verb, root) for verb in (_validate, _plan, _render)]
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return "".join(traceback.format_exception(error)[-12:])
    taken = time.monotonic() - began
    if taken > SLOW_SECONDS:
        return f"it took {taken:.1f} s"
    if len(set(answers)) > 1:
        return f"validate, plan and render differ: {answers}"
    result.accepted += answers[0]
    result.refused += not answers[0]
    return ""


def _is_accepted(verb: Callable[[Path], None], root: Path) -> bool:
    """Raises whatever is neither output nor the answer to a mistake."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            verb(root)
    except typer.Exit as done:
        return not done.exit_code
    except (SpecError, UserError):
        return False
    return True


def _validate(root: Path) -> None:
    validate.verb(["test"], root)


def _plan(root: Path) -> None:
    plan.verb("test", None, root)


def _render(root: Path) -> None:
    render.verb("test", root=root, out=root / "out")


def _keep(findings: Sequence[Finding]) -> Iterator[str]:
    """Writes the files of every finding; a line about each."""
    for finding in findings:
        for path, content in finding.files.items():
            file = KEPT / str(finding.number) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield f"input {finding.number}, kept in {KEPT.name}/{finding.number}:\n{finding.said}"


def main() -> int:
    """Tries for as long as was asked, prints what was found, returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Throws odd YAML at the offline verbs.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=None, help="another one each time unless given")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    print(f"seed {seed}, {asked.seconds:.0f} s", flush=True)
    result = fuzz(asked.seconds, seed)
    for line in _keep(result.findings):
        print(line)
    print(
        f"{result.tried} inputs: {result.accepted} accepted, {result.refused} refused, {len(result.findings)} findings"
    )
    return 1 if result.findings else 0


if __name__ == "__main__":
    sys.exit(main())
