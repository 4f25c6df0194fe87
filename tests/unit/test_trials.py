"""What the delivery tests say of one release does not hang on another one."""

from types import SimpleNamespace
from typing import Any, cast

from tests.delivery.scenarios import STABLE
from tests.delivery.strategies import STICKY
from tests.delivery.trial import Trial, prove_all
from tests.delivery.users import Answer


def trial(answered: bool) -> Trial:
    """A release that was taken back, whose users are answered by the stable version since, or by nobody."""
    users = [(group.name, user) for group in STICKY.groups for user in range(group.users)]
    answers = [Answer(2.0, 2.1, STICKY.host, group, user, STABLE, 200) for group, user in users * 3 * answered]
    crowd = SimpleNamespace(answers=lambda _host: answers)
    others = cast(Any, SimpleNamespace(revision="new"))
    return Trial(STICKY, others, others, cast(Any, crowd), others, begun=0.0, restart=others, decided=1.0)


def test_one_release_that_is_not_proved_does_not_hide_that_others_are() -> None:
    played = [trial(False), trial(True), trial(False), trial(True)]

    assert not prove_all(played)
    assert [one.proved for one in played] == [False, True, False, True]


def test_all_are_proved_where_each_is() -> None:
    assert prove_all([trial(True), trial(True)])
