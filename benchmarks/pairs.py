"""Two programs measured in turn, so that whatever else the machine does meets both alike."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

from benchmarks.process import Usage

PAIRS = 5

Pairs = dict[str, list[dict[str, float]]]
"""What each of the two took, by name, in the order of the runs; see process.Usage."""


def alternated(runs: Mapping[str, Callable[[], Usage]], pairs: int = PAIRS) -> Pairs:
    """A, B, A, B, ..."""
    found: Pairs = {name: [] for name in runs}
    for _ in range(pairs):
        for name, run in runs.items():
            found[name].append(asdict(run()))
    return found


def middle(usages: Sequence[dict[str, float]], key: str = "seconds") -> float:
    """The median of one figure."""
    return statistics.median(usage[key] for usage in usages)


def ratio(pairs: Pairs, first: str, second: str, key: str = "seconds") -> float:
    """The median, over the pairs, of how many times as much the first took."""
    return statistics.median(one[key] / other[key] for one, other in zip(pairs[first], pairs[second], strict=True))
