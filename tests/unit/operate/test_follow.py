"""Following a release: until it is decided, and through a restart of the API server."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from components.operate.contract import Release, State
from components.operate.follow import follow

RELEASE = Release("shop", "shop", State.IN_PROGRESS, "1.5.0", "1.5.0-abc", 1, 3, 5, False, False, "", ())


def reading(*answers: State | Exception) -> Callable[[], Release]:
    """Gives one answer after the other."""
    left: Iterator[State | Exception] = iter(answers)

    def read() -> Release:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return replace(RELEASE, state=answer)

    return read


@pytest.mark.parametrize("end", [State.HEALTHY, State.DEGRADED])
def test_it_goes_on_until_the_release_is_decided(end: State) -> None:
    seen = follow(reading(State.IN_PROGRESS, State.WAITING, end), pause=0)
    assert [one.state for one in seen] == [State.IN_PROGRESS, State.WAITING, end]


def test_a_restart_of_the_api_server_does_not_end_it() -> None:
    seen = follow(reading(State.IN_PROGRESS, ConnectionRefusedError(), TimeoutError(), State.HEALTHY), pause=0)
    assert [one.state for one in seen] == [State.IN_PROGRESS, State.HEALTHY]


def test_a_server_that_stays_away_ends_it() -> None:
    with pytest.raises(ConnectionRefusedError):
        list(follow(reading(State.IN_PROGRESS, *[ConnectionRefusedError()] * 3), pause=0, silent=-1))
