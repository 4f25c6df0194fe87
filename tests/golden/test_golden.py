"""What every example becomes, byte for byte: a change of the compiler shows here as a change of objects."""

from pathlib import Path

import pytest

from tests.specs import SCENARIOS

from .update import COMMAND, GOLDEN, render, trees


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def differences(made: dict[str, bytes], golden: dict[str, bytes]) -> list[str]:
    """One line for each file that differs, with the first line that does."""
    lines = []
    for path in sorted(made.keys() | golden.keys()):
        mine, wanted = (one.get(path, b"").decode().splitlines() for one in (made, golden))
        if path not in golden or path not in made:
            lines.append(f"{path}: {'is new' if path not in golden else 'is gone'}")
        elif made[path] != golden[path]:
            number = next((n for n, pair in enumerate(zip(mine, wanted, strict=False)) if pair[0] != pair[1]), -1)
            shown = f"line {number + 1}: {wanted[number]!r} became {mine[number]!r}" if number >= 0 else "its length"
            lines.append(f"{path}: {shown}")
    return lines


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_example_renders_to_its_golden_tree_twice(scenario: str, tmp_path: Path) -> None:
    render(scenario, tmp_path / "one")
    render(scenario, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two"), "two runs differ"
    found = differences(tree(tmp_path / "one"), tree(GOLDEN / scenario))
    assert not found, f"if this is what you meant, run '{COMMAND}' and read the difference:\n" + "\n".join(found)


def test_every_tree_belongs_to_an_example() -> None:
    assert trees() == set(SCENARIOS), f"run '{COMMAND}'"
