"""What came back in one second from one host."""

import json
from dataclasses import asdict, dataclass, field

FAILED = 0
"""The status of a request that got no HTTP answer; what stands in place of its version says why."""

LATE = "late"
CLOSED = "closed by the gateway"
UNCONNECTED = "not connected in time"
UNSENT = "no connection left to send it on"


@dataclass(frozen=True)
class Answers:
    """Answers of one kind.

    Fields: `version`: header x-version, "" without, or why there was no answer; `status`; `count`; quantiles in ms.
    """

    version: str
    status: int
    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Second:
    """Fields: `time`: the second, since the epoch, in which the requests were due; `host`; `sent`; `answers`."""

    time: int
    host: str
    sent: int
    answers: tuple[Answers, ...]

    def told(self) -> str:
        """In words."""
        kinds = (f"{one.count} x {one.version or 'nobody'} {one.status} ({one.p99:.0f} ms)" for one in self.answers)
        return f"{self.sent} sent, {', '.join(kinds)}"

    def line(self) -> str:
        """As a JSON line."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def of(cls, line: str) -> "Second":
        """From a JSON line."""
        data = json.loads(line)
        return cls(data["time"], data["host"], data["sent"], tuple(Answers(**item) for item in data["answers"]))


@dataclass
class Tally:
    """Collects the answers to requests of one second and host."""

    sent: int = 0
    answered: int = 0
    times: dict[tuple[str, int], list[float]] = field(default_factory=dict)

    def add(self, version: str, status: int, milliseconds: float) -> None:
        """Note one answer."""
        self.answered += 1
        self.times.setdefault((version, status), []).append(milliseconds)

    def second(self, time: int, host: str) -> Second:
        """What is written down."""
        found = []
        for (version, status), times in sorted(self.times.items()):
            times.sort()
            p50, p95, p99 = (round(_quantile(times, share), 2) for share in (0.5, 0.95, 0.99))
            found.append(Answers(version, status, len(times), p50, p95, p99))
        return Second(time, host, self.sent, tuple(found))


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
