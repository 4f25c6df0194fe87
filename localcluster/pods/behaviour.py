"""How a pod answers, from its annotations. They are read again on every change, so a running pod can turn bad."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass

ERROR_RATE = "local.coalmine.dev/error-rate"
"""The share of requests answered with 500: "0" to "1"."""

LATENCY = "local.coalmine.dev/latency"
"""The typical time of an answer: "20ms", "1.5s"; at most 60 s."""

SETTING = "local.coalmine.dev/setting"
"""Any word, which every answer repeats."""

OK = 200
FAILED = 500

_DEFAULT_SECONDS = 0.002
_LONGEST_SECONDS = 60.0
_SPREAD = (0.8, 1.25)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")


@dataclass(frozen=True)
class Behaviour:
    """Fields: `error_rate`: 0 to 1; `seconds`: typical time of an answer; `problem`: what is wrong with an annotation;
    `setting`: what every answer repeats, "" for nothing.

    A pod with a problem answers every request with 500 and the problem in the body, so that it cannot be overlooked.
    """

    error_rate: float = 0.0
    seconds: float = _DEFAULT_SECONDS
    problem: str = ""
    setting: str = ""

    def status(self) -> int:
        """The status of the next answer."""
        return FAILED if self.error_rate and random.random() < self.error_rate else OK

    def delay(self) -> float:
        """The time of the next answer in seconds: 0.8 to 1.25 of the typical time, so p99 follows it closely."""
        low, high = _SPREAD
        return self.seconds * (low + (high - low) * random.random())


def behaviour_of(annotations: Mapping[str, str]) -> Behaviour:
    """The behaviour that annotations ask for."""
    problems = []
    rate, seconds = 0.0, _DEFAULT_SECONDS
    try:
        rate = _share(annotations.get(ERROR_RATE, "0"))
    except ValueError as error:
        problems.append(f"{ERROR_RATE}: {error}")
    try:
        if LATENCY in annotations:
            seconds = _seconds(annotations[LATENCY])
    except ValueError as error:
        problems.append(f"{LATENCY}: {error}")
    if problems:
        rate, seconds = 1.0, _DEFAULT_SECONDS
    return Behaviour(rate, seconds, "; ".join(problems), annotations.get(SETTING, ""))


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise ValueError(f"{text!r} is not a number from 0 to 1")
    return value


def _seconds(text: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 20ms or 1.5s")
    value = float(match[1]) * (1e-3 if match[2] == "ms" else 1.0)
    if value > _LONGEST_SECONDS:
        raise ValueError(f"{text!r} is longer than 60s")
    return value
