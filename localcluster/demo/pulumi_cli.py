"""Pulumi's real command, run as a user would, with its output in a file."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..process import is_running, make_gentle

_SHORT_SECONDS = 60
_POLL_SECONDS = 0.25
_GENTLE = 10
"""The niceness of a run that leaves the processors to others."""


class PulumiFailed(Exception):
    """A run of Pulumi failed; the text says why in one line and names the whole output."""


class Run:
    """One run of Pulumi that goes on while other work is done."""

    def __init__(self, verb: str, process: "subprocess.Popen[str]", log: Path) -> None:
        self._verb = verb
        self._process = process
        self._log = log

    @property
    def done(self) -> bool:
        """Whether it ended well. Raises PulumiFailed when it ended otherwise."""
        code = self._process.poll()
        if code:
            raise PulumiFailed(f"pulumi {self._verb} failed: {reason(self._log.read_text())} (all of it: {self._log})")
        return code == 0

    def wait(self, seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Waits for a good end, calling `tick` meanwhile. Raises PulumiFailed for any other, and if it takes longer."""
        deadline = time.monotonic() + seconds
        try:
            while not self.done:
                if time.monotonic() > deadline:
                    raise PulumiFailed(f"pulumi {self._verb} was stopped after {seconds:.0f} s (output: {self._log})")
                tick()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_POLL_SECONDS)
        finally:
            self.cancel()

    def cancel(self) -> None:
        """Asks Pulumi to stop, and waits until it has written its state down."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            self._process.wait(_SHORT_SECONDS)


class Pulumi:
    """Pulumi for one stack.

    Fields: `project`: folder of Pulumi.yaml; `environment`: what `coalmine local env` gives; `logs`: folder for the
    output of every run; `stack`: its name.
    """

    def __init__(self, project: Path, environment: Mapping[str, str], logs: Path, stack: str = "local") -> None:
        self._project = project
        self._environment = {**os.environ, **environment}
        self._logs = logs
        self._stack = stack
        self._runs = 0

    def select(self) -> None:
        """Selects the stack, made where it is missing. A lock that a killed run left behind is removed."""
        self.start("stack", "select", "--create").wait(_SHORT_SECONDS)
        if any(not is_running(pid) for pid in self._lock_owners()):
            self.start("cancel", "--yes").wait(_SHORT_SECONDS)

    def up(self, config: Path, *, gently: bool = False) -> Run:
        """Starts `pulumi up`. Done `gently` it leaves the processors to others, who serve requests meanwhile."""
        return self.start("up", "--yes", "--skip-preview", "--config-file", str(config), gently=gently)

    def preview(self, config: Path, *options: str) -> Run:
        """Starts `pulumi preview`."""
        return self.start("preview", "--config-file", str(config), *options)

    def start(self, verb: str, *arguments: str, gently: bool = False) -> Run:
        """Starts any verb on the stack."""
        self._runs += 1
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"pulumi-{self._runs:02}-{verb}.log"
        command = ["nice", "-n", str(_GENTLE)] if gently else []
        command += ["pulumi", verb, *arguments, "--stack", self._stack, "--non-interactive", "--color", "never"]
        with log.open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=self._project,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                # A Ctrl-C reaches it once, from `cancel`: at a second one Pulumi would stop without tidying up.
                start_new_session=True,
            )
        if gently:
            make_gentle(process.pid, _GENTLE)
        return Run(verb, process, log)

    def _lock_owners(self) -> list[int]:
        """The processes that hold the stack's locks. Source: pulumi v3.259, pkg/backend/diy/lock.go."""
        back_end = Path(urlsplit(self._environment["PULUMI_BACKEND_URL"]).path)
        locks = (back_end / ".pulumi" / "locks").glob(f"**/{self._stack}/*.json")
        return [int(json.loads(lock.read_text())["pid"]) for lock in locks]


def reason(output: str) -> str:
    """The line of Pulumi's output that says what was wrong, or the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:") and "update failed" not in line]
    return (errors or lines or ["no output"])[0 if errors else -1].removeprefix("error:").strip()
