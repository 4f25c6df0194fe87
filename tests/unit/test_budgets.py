"""The suites' budgets cover every suite and stay within what a whole run may take."""

from pathlib import Path

import pytest

from tests.conftest import BUDGET_SECONDS, suite_of

TESTS = Path(__file__).resolve().parents[1]


def test_every_suite_has_a_budget_and_all_together_stay_under_40_minutes() -> None:
    suites = {file.relative_to(TESTS).parts[0] for file in TESTS.glob("*/**/test_*.py")}
    assert suites <= set(BUDGET_SECONDS)
    assert sum(BUDGET_SECONDS.values()) <= 40 * 60


def test_a_test_outside_the_suites_is_refused() -> None:
    assert suite_of("tests/unit/cli/test_x.py::test_y[a/b]") == "unit"
    with pytest.raises(ValueError, match=r"tests/test_x.py::test_y lies in no suite: move it to one of tests/\{unit,"):
        suite_of("tests/test_x.py::test_y")
