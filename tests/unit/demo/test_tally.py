"""Who answered the requests, second by second, and when a canary was gone."""

from collections import Counter

from localcluster.demo.shares import Share
from localcluster.demo.tally import Tally

HOST = "shop.example.com"


class Recorded:
    """Counts as the load generator gives them. Fields: `seconds`: (version, status) -> requests, by second."""

    def __init__(self, seconds: dict[int, dict[tuple[str, int], int]]) -> None:
        self._seconds = seconds

    def counts(self, since: float, until: float, host: str) -> Counter[tuple[str, int]]:
        assert host == HOST
        total: Counter[tuple[str, int]] = Counter()
        for second, counts in self._seconds.items():
            if since <= second and second + 1 <= until:
                total.update(counts)
        return total


LOAD = Recorded(
    {
        10: {("1", 200): 95, ("2", 200): 5},
        11: {("1", 200): 94, ("2", 200): 4, ("2", 500): 2},
        12: {("1", 200): 99, ("", 503): 1},
    }
)


def test_a_share_counts_every_answer_of_the_version() -> None:
    assert Tally(LOAD, HOST).share(5, "2", (10, 12)) == Share(5, 200, 11)


def test_whatever_the_version_does_not_answer_well_counts_against_it() -> None:
    assert Tally(LOAD, HOST).not_well("1", (10, 13)) == Share(0, 300, 12)
    assert Tally(LOAD, HOST).not_well("2", (11, 12)) == Share(0, 100, 96)


def test_the_seconds_of_answers_and_of_errors_are_found() -> None:
    tally = Tally(LOAD, HOST)
    assert list(tally.answered("2", (9, 14))) == [10, 11]
    assert list(tally.failed("2", (9, 14))) == [11]
    assert list(tally.failed("1", (9, 14))) == []
