"""Who answered the requests of the load, second by second."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from .shares import Share


class Counted(Protocol):
    """The part of the load generator that is needed here."""

    def counts(self, since: int, until: int, host: str) -> Mapping[tuple[str, int], int]:
        """Requests in the seconds [since, until) by (version that answered, HTTP status)."""


@dataclass(frozen=True)
class Tally:
    """The requests to one host. Fields: `load`: has counted them; `host`: the host name they were sent to."""

    load: Counted
    host: str

    def share(self, weight: int, version: str, seconds: tuple[int, int]) -> Share:
        """What a version got of the requests of the seconds [first, end)."""
        counts = self.load.counts(*seconds, self.host)
        return Share(weight, sum(counts.values()), sum(n for (who, _), n in counts.items() if who == version))

    def not_well(self, version: str, seconds: tuple[int, int]) -> Share:
        """All requests, and as `canary` those that the version did not answer with 200."""
        counts = self.load.counts(*seconds, self.host)
        total = sum(counts.values())
        return Share(0, total, total - counts.get((version, HTTPStatus.OK), 0))

    def answered(self, version: str, seconds: tuple[int, int]) -> Iterator[int]:
        """The seconds in which a version answered at all."""
        return (second for second in range(*seconds) if self._of(version, second))

    def failed(self, version: str, seconds: tuple[int, int]) -> Iterator[int]:
        """The seconds in which a version answered with a server error."""
        worst = HTTPStatus.INTERNAL_SERVER_ERROR
        return (second for second in range(*seconds) if any(code >= worst for code in self._of(version, second)))

    def _of(self, version: str, second: int) -> list[int]:
        counts = self.load.counts(second, second + 1, self.host)
        return [status for (who, status), number in counts.items() if who == version and number]
