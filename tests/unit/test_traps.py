"""The list of traps: each that is caught is proven by a test, and the page says what the list and the tests say."""

import pytest

from tests.traps import CAUGHT, COMMAND, ROOT, Trap, listed, page, proofs

TRAPS = {trap.n: trap for section in listed() for trap in section.traps}
PROOFS = proofs()


def test_the_traps_are_numbered_without_a_gap() -> None:
    assert [trap.n for section in listed() for trap in section.traps] == list(range(1, 46))


@pytest.mark.parametrize("trap", TRAPS.values(), ids=lambda trap: str(trap.n))
def test_a_trap_is_proven_to_be_caught_or_open(trap: Trap) -> None:
    assert trap.caught in CAUGHT
    tests = PROOFS.get(trap.n, [])
    if trap.caught == "open":
        assert not tests, f"{tests} prove trap {trap.n}: say in tests/traps.yaml how it is caught, then run {COMMAND}"
    else:
        assert tests, f"no test is marked with trap {trap.n}: {trap.trap}"
    not_run = [test for test in tests if not test.partition("::")[2].startswith("test_")]
    assert not not_run, "marked, but pytest does not collect them"


def test_no_test_is_marked_with_a_trap_that_does_not_exist() -> None:
    assert {number: tests for number, tests in PROOFS.items() if number not in TRAPS} == {}


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs/reference/traps.md").read_text(encoding="utf-8")
    assert written == page(listed(), PROOFS), f"run {COMMAND}"
