"""The pinned Prometheus, run for a test with the arguments and the configuration that the platform gives it."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from localcluster.tools import tool_path

from .platform_stacks import BOTH_ENGINES, everything

_RULES = "/etc/prometheus-rules"
_OWN = ("--config.file", "--storage.tsdb.path", "--web.listen-address")


@dataclass(frozen=True)
class Server:
    """A running server. Fields: `address`; `log`: its log file; `process`."""

    address: str
    log: Path
    process: subprocess.Popen[bytes]

    def groups(self) -> dict[str, str]:
        """The health of every group of rules: what is wrong with one of them, "" for nothing."""
        answer = self._ask("rules")
        return {
            group["name"]: "; ".join(rule.get("lastError", "") for rule in group["rules"] if rule["health"] == "err")
            for group in answer.get("groups", [])
        }

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector of an expression. Raises AssertionError with the server's words for one that is none."""
        found: list[dict[str, Any]] = self._ask("query", query=expression).get("result", [])
        return found

    def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        """What the server answers; nothing until it is ready."""
        try:
            answer = httpx.get(f"{self.address}/api/v1/{what}", params=parameters, timeout=5)
        except httpx.TransportError:
            assert self.process.poll() is None, self.log.read_text()
            return {}
        assert answer.status_code != httpx.codes.BAD_REQUEST, f"{parameters}: {answer.text}"
        data: dict[str, Any] = answer.json()["data"] if answer.is_success else {}
        return data


@contextmanager
def serving(folder: Path, rules: Path, jobs: Sequence[dict[str, Any]] = ()) -> Iterator[Server]:
    """A server that reads these rules, and collects from these jobs instead of a cluster's pods."""
    config, arguments = _deployed()
    config |= {
        "scrape_configs": list(jobs),
        "rule_files": [one.replace(_RULES, str(rules)) for one in config["rule_files"]],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    given = [one for one in arguments if not one.startswith(_OWN)]
    port = free_port()
    own = [
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--config.auto-reload-interval=1s",
    ]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([tool_path("prometheus"), *given, *own], stdout=log, stderr=log)
    try:
        yield Server(f"http://127.0.0.1:{port}", folder / "log", running)
    finally:
        running.terminate()
        running.wait(10)


def free_port() -> int:
    """A port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _deployed() -> tuple[dict[str, Any], list[str]]:
    """The server's configuration and its arguments, as the platform has them."""
    found = {one["kind"]: one for one in everything(BOTH_ENGINES) if one["metadata"]["name"] == "prometheus"}
    [container] = found["Deployment"]["spec"]["template"]["spec"]["containers"]
    return yaml.safe_load(found["ConfigMap"]["data"]["prometheus.yml"]), container["args"]
