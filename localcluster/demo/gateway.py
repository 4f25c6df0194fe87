"""Following, from outside, the weights that the gateways' Envoys have in force."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from ..cluster import Cluster
from ..programs.gateway import ADMIN_PORT
from .timeline import Stretch, stretches

_STOP_SECONDS = 10


class Gateway:
    """A reader inside the cluster's network, and what it has reported so far. Used as a context manager.

    Fields: `cluster`; `admin_ports`: of the Envoys that it reads, Istio's ingress gateway unless given.
    """

    def __init__(self, cluster: Cluster, admin_ports: Sequence[int] = (ADMIN_PORT,)) -> None:
        self._cluster = cluster
        self._admin_ports = [str(port) for port in admin_ports]
        self._reports: list[dict[str, Any]] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Gateway":
        self._process = subprocess.Popen(
            self._cluster.inside([sys.executable, "-m", "localcluster.demo.routes", *self._admin_ports]),
            env=self._cluster.inner_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for the demo, which ends the reader by closing its input.
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(self._process,), name="gateway", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(_STOP_SECONDS)

    def stretches(self, host: str, canary: str) -> list[Stretch]:
        """When which weight was in force for a host; `canary` is the canary's Service, e.g. `shop-canary.shop`."""
        return stretches(list(self._reports), host, canary)

    def _read(self, process: "subprocess.Popen[str]") -> None:
        for line in process.stdout or ():
            self._reports.append(json.loads(line))
