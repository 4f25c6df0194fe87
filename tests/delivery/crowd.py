"""The users of a local cluster's apps: starts them, and keeps what they were answered."""

import json
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from types import TracebackType

from localcluster.cluster import Cluster
from localcluster.process import dying_with_parent

from .users import Answer, Group

_STOP_SECONDS = 10


class Crowd:
    """Groups of users who ask as long as the context lasts. Fields: `cluster`; `groups`."""

    def __init__(self, cluster: Cluster, groups: Sequence[Group]) -> None:
        self._cluster = cluster
        self._groups = groups
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Crowd":
        answer = self._cluster.status()
        assert answer is not None, "the local cluster does not run"
        command = [sys.executable, "-m", "tests.delivery.users", answer.gateway]
        self._process = subprocess.Popen(
            dying_with_parent(self._cluster.inside(command)),
            env=self._cluster.inner_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([asdict(group) for group in self._groups]) + "\n")
        self._process.stdin.flush()
        threading.Thread(target=self._read, args=(self._process,), name="users", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(_STOP_SECONDS)

    def answers(self, host: str) -> list[Answer]:
        """Every answer of a host so far, in the order in which they came."""
        assert self._process is not None, "the users have not begun"
        assert not self._process.poll(), "the users' program ended with an error"
        return list(self._answers[host])

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            answer = Answer(**json.loads(line))
            self._answers[answer.host].append(answer)
