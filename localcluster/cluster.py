"""A local cluster as an object: start it, ask it, use it, end it. The command line and the tests build on this."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import control, credentials, machine, relay
from .api import Api, open_api
from .control import Answer
from .network import ENTER, enter
from .pieces import Status
from .process import MARK, end, is_running, marked, start_ticks
from .shell import exports
from .state import DEFAULT_NAME, REPO, LocalClusterError, Record, StateDir

RELAYS = ("api", "gateway", "prometheus")
START_SECONDS = 120.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.1

Progress = Callable[[Answer], None]


class Cluster:
    """A local cluster by name. Raises LocalClusterError, one line, for whatever a user can do something about."""

    def __init__(self, name: str = DEFAULT_NAME) -> None:
        self.state = StateDir.of(name)
        self._opened: tuple[str, Api] | None = None

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.state.name

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for use outside the namespace."""
        return self.state.kubeconfig

    @property
    def api(self) -> Api:
        """An administrator's client, for use outside the namespace: the same one as long as the kubeconfig is."""
        self._record()
        written = self.kubeconfig.read_text()
        if self._opened is None or self._opened[0] != written:
            # A client that is kept keeps its connections: whoever polls would pay for a handshake every time.
            self._opened = written, open_api(self.kubeconfig)
        return self._opened[1]

    def port(self, relay_name: str) -> int:
        """The port of 127.0.0.1 that leads to `api`, `gateway` or `prometheus`."""
        return self._record().ports[relay_name]

    def up(self, progress: Progress | None = None) -> Answer:
        """Start what is not running and wait until all of it is ready; nothing happens to what is."""
        self.state.make()
        with self._locked():
            begun_here = self._answer() is None
            if begun_here:
                self._start_supervisor()
            control.ask(self.state, control.ENSURE)
            try:
                return self._until_ready(progress or (lambda answer: None))
            except LocalClusterError:
                if begun_here:
                    self._stop(self._record())
                raise

    def status(self) -> Answer | None:
        """How the cluster is; None when it is not running."""
        return self._answer()

    def exists(self) -> bool:
        """Whether there is a cluster of that name, running or not."""
        return self.state.record.is_file()

    def send(self, piece: str, number: signal.Signals) -> None:
        """Send a signal to a piece's process: SIGKILL ends it until `up`, SIGSTOP hangs it until SIGCONT."""
        answer = self._answer()
        running = {one.name: one.pid for one in answer.pieces if one.pid} if answer is not None else {}
        if piece not in running:
            known = ", ".join(sorted(running)) or "nothing"
            raise LocalClusterError(f"no {piece!r} runs in local cluster {self.name!r}: {known} does")
        os.kill(running[piece], number)

    def down(self) -> None:
        """End every process of the cluster and remove its state."""
        record = Record.load(self.state)
        if record is not None:
            self._stop(record)
        shutil.rmtree(self.state.root, ignore_errors=True)
        if self.state.root.exists():
            raise LocalClusterError(f"{self.state.root} could not be removed: remove it by hand")

    def inside(self, argv: Sequence[str]) -> list[str]:
        """The command line that runs a program inside the cluster's network, to be started with `inner_environment`."""
        return [*enter(self._running().supervisor), *argv]

    def inner_environment(self) -> dict[str, str]:
        """The environment of programs inside the cluster's network."""
        record = self._running()
        paths = os.pathsep.join((str(REPO / ".venv" / "bin"), os.environ.get("PATH", os.defpath)))
        inner = {"KUBECONFIG": str(self.state.inner_kubeconfig), "PATH": paths, "PYTHONPATH": str(REPO)}
        return {**os.environ, **inner, MARK: record.identity, "COALMINE_LOCAL_NAME": self.name}

    def environment(self) -> dict[str, str]:
        """What a shell outside needs, so that a plain `pulumi up --stack local` works."""
        return exports(self.state)

    def _record(self) -> Record:
        record = Record.load(self.state)
        if record is None:
            raise LocalClusterError(f"there is no local cluster {self.name!r}: run `coalmine local up{self._option()}`")
        return record

    def _running(self) -> Record:
        record = self._record()
        if not is_running(record.supervisor, record.started):
            raise LocalClusterError(f"local cluster {self.name!r} is stopped: run `coalmine local up{self._option()}`")
        return record

    def _option(self) -> str:
        return "" if self.name == DEFAULT_NAME else f" --name {self.name}"

    def _answer(self) -> Answer | None:
        record = Record.load(self.state)
        if record is None or not is_running(record.supervisor, record.started):
            return None
        return control.ask(self.state, control.STATUS)

    def _start_supervisor(self) -> None:
        missing = machine.lacks()
        if missing:
            raise LocalClusterError("\n".join(missing))
        record = Record.load(self.state) or Record()
        self._stop(record)
        listeners = {name: relay.listener(record.ports.get(name, 0)) for name in RELAYS}
        record.ports = {name: made.getsockname()[1] for name, made in listeners.items()}
        credentials.make(self.state)
        credentials.write_kubeconfigs(self.state, record.ports["api"])
        command = [*ENTER, sys.executable, "-m", "localcluster.supervisor", self.name, str(self.state.root)]
        command += [f"{name}={made.fileno()}" for name, made in listeners.items()]
        environment = {**os.environ, MARK: record.identity, "PYTHONPATH": str(REPO)}
        with (self.state.logs / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.state.root,
                env=environment,
                pass_fds=[made.fileno() for made in listeners.values()],
                start_new_session=True,
            )
        for made in listeners.values():
            made.close()
        record.supervisor, record.started = process.pid, start_ticks(process.pid)
        record.save(self.state)
        self._until_answering(process)

    def _until_answering(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while control.ask(self.state, control.STATUS) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                log = self.state.logs / "supervisor.log"
                raise LocalClusterError(f"the cluster's supervisor did not start: see {log}")
            time.sleep(_POLL_SECONDS / 2)

    def _until_ready(self, progress: Progress) -> Answer:
        deadline = time.monotonic() + START_SECONDS
        ended: set[str] = set()
        while True:
            answer = control.ask(self.state, control.STATUS)
            if answer is None or answer.problem:
                self._stop(self._record())
                raise self._failed(answer.problem if answer else "its supervisor ended")
            progress(answer)
            if answer.ready:
                return answer
            now = [piece for piece in answer.pieces if piece.state == "ended" and answer.phase in control.BEGUN]
            again = [_told(piece) for piece in now if piece.name in ended]
            if again:
                raise self._failed(f"ended twice: {', '.join(again)}")
            if now:
                # It was killed so shortly before that nobody had noticed yet.
                ended.update(piece.name for piece in now)
                control.ask(self.state, control.ENSURE)
            if time.monotonic() > deadline:
                late = [_told(piece) for piece in answer.pieces if piece.state != "ready"]
                raise self._failed(f"not ready after {START_SECONDS:.0f} s: {', '.join(late) or answer.phase}")
            time.sleep(_POLL_SECONDS)

    def _failed(self, why: str) -> LocalClusterError:
        return LocalClusterError(f"local cluster {self.name!r}: {why}; logs are in {self.state.logs}")

    def _stop(self, record: Record) -> None:
        if is_running(record.supervisor, record.started):
            control.ask(self.state, control.STOP)
            deadline = time.monotonic() + _STOP_SECONDS
            while is_running(record.supervisor, record.started) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS / 2)
        left = end(marked(record.identity), signal.SIGTERM, grace=1.0)
        if left:
            raise LocalClusterError(f"processes {left} of local cluster {self.name!r} do not end: end them by hand")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.state.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _told(piece: Status) -> str:
    return f"{piece.name} ({piece.detail})" if piece.detail else piece.name
