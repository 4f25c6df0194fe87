"""The time that each suite may take on 2 cores with everything set up; together they stay under 40 minutes."""

from collections import defaultdict
from pathlib import PurePosixPath

import pytest

from tests.clusters import cluster as cluster
from tests.wheel import installed as installed
from tests.wheel import wheel as wheel

BUDGET_SECONDS = {"unit": 200, "contract": 200, "golden": 30, "policies": 120, "cluster": 950, "delivery": 850}

_spent: dict[str, float] = defaultdict(float)


def suite_of(nodeid: str) -> str:
    """The folder of tests/ that a test lies in. Raises ValueError for one that lies in none with a budget."""
    parts = PurePosixPath(nodeid.split("::")[0]).parts
    if len(parts) < 3 or parts[1] not in BUDGET_SECONDS:
        raise ValueError(f"{nodeid} lies in no suite: move it to one of tests/{{{','.join(BUDGET_SECONDS)}}}")
    return parts[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuses a test outside the suites and runs the quick suites first, whatever order the folders come in."""
    order = list(BUDGET_SECONDS)
    items.sort(key=lambda item: order.index(suite_of(item.nodeid)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Adds what a test, its preparation and its cleaning up took."""
    _spent[suite_of(report.nodeid)] += report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what every suite took of its budget."""
    terminalreporter.section("seconds per suite")
    for suite, budget in BUDGET_SECONDS.items():
        if suite in _spent:
            over = " (over its budget)" if _spent[suite] > budget else ""
            terminalreporter.line(f"{suite}: {_spent[suite]:.0f} of {budget}{over}")
