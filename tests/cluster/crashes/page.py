"""The commands of a how-to page, as the tests run them."""

from tests.unit.docs_pages import DOCS, blocks, commands


def commands_of(page: str) -> list[list[tuple[str, ...]]]:
    """The pulumi commands of every shell block, without `pulumi` and without the stack, which the tests add."""
    pulumi = [block for block in _shell(page) if block[0][0] == "pulumi"]
    return [[_arguments(words) for words in block] for block in pulumi]


def _arguments(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words[1:] if word not in ("--stack", "production"))


def removed_files(page: str) -> list[str]:
    """The files that the page says to remove."""
    return [words[1] for block in _shell(page) for words in block if words[0] == "rm"]


def _shell(page: str) -> list[list[tuple[str, ...]]]:
    every = [block for block in blocks(DOCS / "how-to" / page) if block.info == ("sh",)]
    return [[command.words for command in commands(block)] for block in every]
