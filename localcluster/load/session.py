"""A load generator as a context manager: start it, change its rates, read what came back."""

import http
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from ..cluster import Cluster
from ..process import dying_with_parent
from .record import Second

_POLL_SECONDS = 0.05


class LoadError(Exception):
    """The load generator cannot run or ended; one line."""


class Load:
    """Requests to hosts behind the gateway of a local cluster, from inside its network.

    Fields: `cluster`; `hosts`: requests per second by host name, 0 for none; `out`: the file of JSON lines (see
    record.Second), a temporary one unless given; `through`: the gateway, `ADDRESS:PORT`, of the hosts that are not
    behind the cluster's own.
    """

    def __init__(
        self,
        cluster: Cluster,
        hosts: Mapping[str, float],
        out: Path | None = None,
        through: Mapping[str, str] | None = None,
    ) -> None:
        self._cluster = cluster
        self._hosts = dict(hosts)
        self._through = dict(through or {})
        self._folder = tempfile.TemporaryDirectory(prefix="coalmine-load-")
        self.out = out or Path(self._folder.name) / "load.jsonl"
        self._process: subprocess.Popen[str] | None = None
        self._read = 0
        self._seconds: list[Second] = []
        self._of_host: defaultdict[str, list[Second]] = defaultdict(list)

    def __enter__(self) -> "Load":
        answer = self._cluster.status()
        if answer is None or not answer.gateway:
            raise LoadError("no ingress gateway runs in the local cluster: install the platform first")
        rates = [f"{host}={rate}" for host, rate in sorted(self._hosts.items())]
        rates += [f"--through={host}={gateway}" for host, gateway in sorted(self._through.items())]
        command = [sys.executable, "-m", "localcluster.load", "--gateway", answer.gateway, "--out", str(self.out)]
        self._process = subprocess.Popen(
            dying_with_parent(self._cluster.inside([*command, *rates])),
            env=self._cluster.inner_environment(),
            stdin=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
        self.seconds()
        self._folder.cleanup()

    def set_rate(self, host: str, rate: float) -> None:
        """Change the rate of a host that was named at the start; 0 switches it off."""
        if host not in self._hosts:
            raise LoadError(f"{host!r} is not one of this load's hosts: {', '.join(sorted(self._hosts))}")
        process = self._running()
        if process.stdin is None:
            raise LoadError("the load generator takes no orders")
        process.stdin.write(f"{host}={rate}\n")
        process.stdin.flush()

    def seconds(self) -> list[Second]:
        """Everything written down so far, in the order of writing."""
        if self.out.is_file():
            with self.out.open() as file:
                file.seek(self._read)
                for line in iter(file.readline, ""):
                    if not line.endswith("\n"):
                        break
                    second = Second.of(line)
                    self._seconds.append(second)
                    self._of_host[second.host].append(second)
                    self._read += len(line.encode())
        return self._seconds

    def counts(self, since: float, until: float, host: str) -> Counter[tuple[str, int]]:
        """Answers by (version, status) to requests due in the whole seconds from `since` up to `until` (epoch)."""
        total: Counter[tuple[str, int]] = Counter()
        for second in self._within(since, until, host):
            for answers in second.answers:
                total[answers.version, answers.status] += answers.count
        return total

    def failures(self, since: float, until: float, host: str) -> list[str]:
        """A line for each of these seconds in which an answer was missing or was no 200: when, what, how long."""
        found = self._within(since, until, host)
        bad = [one for one in found if any(answers.status != http.HTTPStatus.OK for answers in one.answers)]
        return [f"second {one.time - int(since)}: {one.told()}" for one in sorted(bad, key=lambda one: one.time)]

    def await_requests(self, count: int, since: float, host: str, timeout: float = 120.0) -> Counter[tuple[str, int]]:
        """Wait until `count` requests that were due since then are answered; returns their counts."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.counts(since, float("inf"), host)
            if found.total() >= count:
                return found
            self._running()
            if time.monotonic() > deadline:
                raise LoadError(f"{host}: {found.total()} of {count} requests answered within {timeout:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _within(self, since: float, until: float, host: str) -> list[Second]:
        """The whole seconds of a host in a stretch of time."""
        self.seconds()
        return [one for one in self._of_host[host] if since <= one.time and one.time + 1 <= until]

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            raise LoadError("the load generator is not running")
        return self._process
