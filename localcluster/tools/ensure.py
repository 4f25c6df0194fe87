"""Making sure that tools are there: builds what is missing, two modules at a time, the longest first."""

import os
import threading
import time
import uuid
from collections.abc import Iterable

from components.releases import GO_MODULES, TOOLS, GoModule, Tool
from components.releases import tool as row_of

from .build import BuildFailed, Session, build
from .find import ToolMissing, find
from .layout import SET_UP, cache_dir
from .process import Children, Interrupted
from .progress import Progress, ProgressLine
from .toolchain import ensure_go

# A build's linking keeps one core busy only, another build's compiling fills the rest; more lanes only cost memory.
_LANES = 2


class BuildsFailed(Exception):
    """Builds failed; `reasons` holds one line for each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def missing(names: Iterable[str] = ()) -> list[GoModule]:
    """The modules that have to be built before the named tools (all, if none is named) are there, longest first."""
    sources = {tool.source for tool in _lacking(names)}
    return sorted((module for module in GO_MODULES if module in sources), key=lambda module: -module.build_seconds)


def ensure(names: Iterable[str] = (), progress: Progress | None = None) -> None:
    """Build whatever is missing of the named tools (all, if none is named).

    Raises BuildsFailed with one line per module, ToolchainFailed, ToolMissing. KeyboardInterrupt ends all child
    processes before it is passed on; the next call resumes.
    """
    names = tuple(names)
    for tool in _lacking(names):
        if not isinstance(tool.source, GoModule):
            raise ToolMissing(f"{tool.name} is not in the virtual environment: run `{SET_UP}`")
    modules = missing(names)
    if not modules:
        return
    children = Children()
    lanes = _Lanes(modules, progress or ProgressLine())
    try:
        lanes.begin()
        cold = not (cache_dir() / "go" / "build").exists()
        session = Session(go=ensure_go(children), children=children, run=uuid.uuid4().hex[:12], cold=cold)
        lanes.run(session)
    except BaseException:
        children.stop()
        lanes.join()
        raise
    if lanes.reasons:
        raise BuildsFailed(lanes.reasons)


def _lacking(names: Iterable[str]) -> list[Tool]:
    wanted = [row_of(name) for name in names] or list(TOOLS)
    return [tool for tool in wanted if find(tool) is None]


class _Lanes:
    """Threads that take the next module from one queue."""

    def __init__(self, modules: list[GoModule], progress: Progress) -> None:
        self.reasons: list[str] = []
        self._queue = list(modules)
        self._lock = threading.Lock()
        self._progress = progress
        self._threads: list[threading.Thread] = []
        self._broken: list[Exception] = []

    def begin(self) -> None:
        self._progress.begin([module.name for module in self._queue])

    def run(self, session: Session) -> None:
        count = min(_LANES, len(self._queue), os.cpu_count() or 1)
        self._threads = [threading.Thread(target=self._lane, args=(session,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()
        try:
            for thread in self._threads:
                while thread.is_alive():
                    thread.join(timeout=1.0)
                    self._progress.tick()
        finally:
            self._progress.end()
        if self._broken:
            raise self._broken[0]

    def join(self) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _lane(self, session: Session) -> None:
        try:
            while module := self._next():
                self._build(module, session)
        except Interrupted:
            return
        except Exception as error:
            self._broken.append(error)
            session.children.stop()

    def _next(self) -> GoModule | None:
        with self._lock:
            return self._queue.pop(0) if self._queue else None

    def _build(self, module: GoModule, session: Session) -> None:
        started = time.monotonic()
        self._progress.started(module.name)
        try:
            build(module, session)
        except BuildFailed as failure:
            self.reasons.append(str(failure))
            self._progress.failed(module.name, str(failure))
        else:
            self._progress.finished(module.name, time.monotonic() - started)
