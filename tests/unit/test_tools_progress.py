"""The progress says what is built, how many are left and for how long, on a terminal in one line that is rewritten."""

import io

import pytest

from localcluster.tools.progress import ProgressLine, clock


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def time_passes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock; the test sets it."""
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_a_log_gets_a_line_per_event_and_one_a_minute(time_passes: list[float]) -> None:
    stream = io.StringIO()
    progress = ProgressLine(stream, began=990.0)
    progress.begin(["kubernetes", "etcd"])
    progress.started("kubernetes")
    progress.started("etcd")
    time_passes[0] = 1020.0
    progress.tick()
    time_passes[0] = 1065.0
    progress.tick()
    progress.finished("etcd", 65.0)
    progress.failed("kubernetes", "building kubernetes failed: because")
    progress.end()
    assert stream.getvalue().splitlines() == [
        "[0:10] 2 to build: kubernetes, etcd",
        "[0:10] building kubernetes",
        "[0:10] building etcd",
        "[1:15] building kubernetes and etcd: 0 of 2 done, 2 left",
        "[1:15] built etcd in 1:05, 1 left",
        "[1:15] failed: building kubernetes failed: because",
    ]


def test_a_terminal_gets_one_line_that_fits(time_passes: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    progress = ProgressLine(stream, began=1000.0)
    progress.begin(["kubernetes", "etcd"])
    progress.started("kubernetes")
    stream.truncate(0)
    stream.seek(0)
    time_passes[0] = 1007.0
    progress.tick()
    assert stream.getvalue() == "\r\033[K[0:07] building kubernetes: 0 of 2 done"
    progress.end()
    assert stream.getvalue().endswith("\r\033[K")


@pytest.mark.parametrize(("seconds", "expected"), [(0, "0:00"), (59.9, "0:59"), (425, "7:05"), (3600, "60:00")])
def test_durations_are_minutes_and_seconds(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected
