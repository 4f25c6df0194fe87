"""Lengths of time as the engines write them, in seconds."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)(ms|s|m|h)")
_WHOLE = re.compile(rf"(?:{_PART.pattern})+")
_RANGE = re.compile(r"\[([0-9]{1,9})(ms|s|m|h|d|w)(?::[^\]]*)?\]")


def seconds(duration: object) -> float | None:
    """`1m30s`, as Go writes it; None for anything else."""
    if not isinstance(duration, str) or len(duration) > 50 or not _WHOLE.fullmatch(duration):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(duration))


def longest_range(query: str) -> float:
    """The longest window that a query of Prometheus looks back, 0 where it names none."""
    return max((float(amount) * _UNITS[unit] for amount, unit in _RANGE.findall(query)), default=0.0)
