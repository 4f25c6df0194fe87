"""Reads the pages of docs/: their fenced blocks, and which of them are examples that can be run."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.specs import ROOT

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "examples/README.md"])
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, the text, the line it begins on."""

    info: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Command:
    """A command in a console block, and the lines that the page shows as its output."""

    words: tuple[str, ...]
    output: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(tuple(found["info"].split()), found["text"], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    """The commands of a console block (`$ ...`, then its output), or of a shell block (one a line, no output)."""
    made: list[Command] = []
    for line in block.text.splitlines():
        if block.info[:1] == ("console",) and not line.startswith("$ "):
            made[-1] = Command(made[-1].words, (*made[-1].output, line))
        elif line.strip():
            made.append(Command(tuple(line.removeprefix("$ ").split("#")[0].split()), ()))
    return made


def matches(shown: tuple[str, ...], real: list[str]) -> bool:
    """Whether real output is what a page shows; a line `...` stands for any lines."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(line.rstrip()) + r"[ ]*\n" for line in shown)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in real)) is not None
