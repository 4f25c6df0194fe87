"""Releases that addresses are asked about: some agree after a while, some do not; and the addresses themselves."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcluster.cluster import Cluster

from .cases import ARGO_ROLLOUTS, EVERYBODY, FLAGGER, Case

_PORT = 9182
YES, NO = 200, 503
WAITING = ("confirm", "increase", "promote")
"""Gates that a release waits for, in the order in which it comes to them."""


@dataclass(frozen=True)
class Question:
    """What a gate was asked. Fields: `time`: seconds since the epoch; `gate`; `status`: the answer; `body`: told."""

    time: float
    gate: str
    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Gatekeeper:
    """What was asked so far. Fields: `file`: a line of JSON for each question."""

    file: Path

    def asked(self, app: str) -> list[Question]:
        """Every question about an app, in order."""
        lines = map(json.loads, self.file.read_text(encoding="utf-8").splitlines())
        return [
            Question(**{key: value for key, value in one.items() if key != "app"}) for one in lines if one["app"] == app
        ]


@contextmanager
def answering(cluster: Cluster, folder: Path) -> Iterator[Gatekeeper]:
    """Answers the gates of all apps from now on."""
    file = folder / "questions"
    file.touch()
    command = cluster.inside([sys.executable, "-m", "tests.delivery.gatekeeper", str(_PORT), str(file)])
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=cluster.inner_environment())
    try:
        yield Gatekeeper(file)
    finally:
        process.communicate()


def _gated(name: str, engine: str, **answers: str) -> Case:
    """A release of one step; `answers` by the time at which a gate is asked: the statuses, one after the other."""
    gates = [_gate(when, f"http://127.0.0.1:{_PORT}/{name}/{when}/{said}") for when, said in answers.items()]
    return Case(name, engine, {"steps": [{"weight": 50, "hold": "10s"}], "gates": gates}, EVERYBODY)


def _gate(when: str, url: str) -> Mapping[str, str]:
    # Flagger gives an event its own time.
    return {"name": when, "when": when, "url": url, **({} if when == "event" else {"timeout": "2s"})}


_YES, _NO, _NO_THEN_YES = str(YES), str(NO), f"{NO},{YES}"
_AGREED = {**dict.fromkeys(WAITING, _NO_THEN_YES), "pre": _YES, "during": _YES}

AGREED = (
    _gated("gated", ARGO_ROLLOUTS, **_AGREED),
    _gated("flagger-gated", FLAGGER, **_AGREED, rollback=_NO, post=_YES, event=_YES),
)
REFUSED_BEFORE = (
    _gated("refused-before", ARGO_ROLLOUTS, pre=_NO),
    _gated("flagger-refused-before", FLAGGER, pre=_NO),
)
REFUSED_DURING = (
    _gated("refused-during", ARGO_ROLLOUTS, during=_NO),
    _gated("flagger-refused-during", FLAGGER, during=_NO, post=_YES),
)
STOPPED = _gated("flagger-stopped", FLAGGER, rollback=_NO_THEN_YES)
"""The gate is asked before the first weight is set, and takes the release back at the look after that."""

REFUSED = (*REFUSED_BEFORE, *REFUSED_DURING, STOPPED)
EVERY = (*AGREED, *REFUSED)
PAIRS = (AGREED, REFUSED_BEFORE, REFUSED_DURING)
