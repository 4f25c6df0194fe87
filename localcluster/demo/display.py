"""What is seen while the demo runs: a live table on a terminal, plain lines elsewhere."""

from collections.abc import Sequence
from types import TracebackType

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table

from . import wording
from .results import StepResult, VersionResult

_COUNTED_SECONDS = 3
"""So long after a step all answers to its requests are there, and its numbers do not change any more."""

_COLUMNS = ("version", "what it is", "step", "weight", "the canary got", "checks", "outcome")


def table(title: str, results: Sequence[VersionResult], steps: int) -> Table:
    """All versions, one row per step; `steps` is how many a whole release has."""
    made = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in _COLUMNS:
        made.add_column(column, no_wrap=column in ("version", "step", "weight", "the canary got"))
    for result in results:
        _add(made, result, steps)
    return made


class Display:
    """Shows results while they change. Used as a context manager.

    Fields: `console`; `title`; `results`: shared with whoever changes them; `steps`: of a whole release.
    """

    def __init__(self, console: Console, title: str, results: Sequence[VersionResult], steps: int) -> None:
        self._console = console
        self._title = title
        self._results = results
        self._steps = steps
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._said: set[str] = set()

    def __enter__(self) -> "Display":
        if self._live is not None:
            self._live.start()
        else:
            self._console.print(self._title, soft_wrap=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self.update()
            self._live.stop()

    def update(self) -> None:
        """Shows what changed."""
        if self._live is not None:
            self._live.update(table(self._title, self._results, self._steps), refresh=True)
            return
        for result in self._results:
            for line in _lines(result, self._steps):
                if line not in self._said:
                    self._said.add(line)
                    self._console.print(line, highlight=False, soft_wrap=True)


def _add(made: Table, result: VersionResult, steps: int) -> None:
    name, what = result.version.tag, result.version.what
    style = "red" if result.difference() else "green"
    last = f"[{style}]{wording.outcome(result)}[/]" if result.over else wording.now(result)
    if not result.steps:
        made.add_row(name, what, "", "", "", "", last)
    for index, step in enumerate(result.steps):
        first, end = index == 0, index == len(result.steps) - 1
        cells = (f"{index + 1}/{steps}", f"{step.share.weight} %", wording.canary_got(step), wording.checks(step))
        made.add_row(name if first else "", what if first else "", *cells, last if end else "")


def _lines(result: VersionResult, steps: int) -> list[str]:
    name = result.version.tag
    started = [f"{name} ({result.version.what}): {result.state}"] if not result.over else []
    passed = [
        _step_line(name, index, step, steps)
        for index, step in enumerate(result.steps)
        if result.over or any(later.seconds > _COUNTED_SECONDS for later in result.steps[index + 1 :])
    ]
    return started + passed + ([f"{name}: {wording.outcome(result)}"] if result.over else [])


def _step_line(name: str, index: int, step: StepResult, steps: int) -> str:
    start = f"{name}: step {index + 1} of {steps}, weight {step.share.weight} %: canary got {wording.canary_got(step)}"
    return f"{start}, {wording.checks(step) or 'not checked'}"
