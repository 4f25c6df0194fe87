"""Records: equal by their fields, usable as keys, and made as fast as they can be."""

import subprocess
import sys
from dataclasses import field, replace
from pathlib import Path

from components.record import record


@record
class _Place:
    name: str
    ports: tuple[int, ...] = ()


def test_records_of_the_same_fields_are_equal_and_one_key() -> None:
    assert _Place("a", (1,)) == _Place("a", (1,))
    assert len({_Place("a"), _Place("a"), _Place("b")}) == 2


@record
class _Key(_Place):
    contents: str = field(default="", repr=False)

    def __hash__(self) -> int:
        return 7


def test_records_of_two_classes_are_never_equal() -> None:
    assert _Key("a") != _Place("a")
    assert _Place("a") != "a"


def test_a_record_shows_its_fields_but_those_that_are_hidden() -> None:
    assert repr(_Place("a", (1,))) == "_Place(name='a', ports=(1,))"
    assert repr(_Key("a", contents="hunter2")) == "_Key(name='a', ports=())"


def test_what_a_record_says_of_itself_stays() -> None:
    assert hash(_Key("a")) == 7


def test_a_record_can_be_made_from_another_one() -> None:
    assert replace(_Place("a", (1,)), name="b") == _Place("b", (1,))


def test_the_type_checker_refuses_to_change_a_record(tmp_path: Path) -> None:
    program = tmp_path / "changes.py"
    program.write_text(
        "from components.record import record\n\n\n@record\nclass Place:\n    name: str\n\n\nPlace('a').name = 'b'\n"
    )
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'Property "name" defined in "Place" is read-only' in checked.stdout, checked.stdout + checked.stderr
