"""`pulumi up` killed with SIGKILL at twenty moments: `pulumi cancel` and another `pulumi up` make it whole."""

import pytest

from localcluster.api import Api

from .gate import Stop
from .stacks import Key, Moment, Project, Stack, owned

NEXT = "registry.example.com/web:2.0.0"


def kept(number: int) -> Moment:
    """When the state has a number of objects."""
    return lambda stack: len(stack.objects()) >= number


# The first run writes the namespace, then the objects of both apps side by side.
FIRST_RUN: dict[str, Moment] = {
    "the stack is locked": lambda stack: stack.locked,
    **{f"{number} objects are in the state": kept(number) for number in (1, 4, 9, 14)},
    **{f"write {number} is on its way": Stop(number, done=False) for number in (1, 3, 8, 13)},
    **{f"write {number} is done": Stop(number, done=True) for number in (1, 2, 4, 6, 9, 12, 15, 17)},
}
NEXT_RUN: dict[str, Moment] = {
    "change 1 is on its way": Stop(1, done=False),
    "change 1 is done": Stop(1, done=True),
    "change 2 is done": Stop(2, done=True),
}


def uids(api: Api, stack: Stack) -> dict[Key, str]:
    """What the API server has of a stack."""
    return {key: item["metadata"]["uid"] for key, item in owned(api, stack.label).items()}


def recover(stack: Stack) -> None:
    """What a user does."""
    cancelled = stack.pulumi("cancel", "--yes")
    assert cancelled.code == 0, cancelled.text
    again = stack.up()
    assert again.code == 0, again.text[-3000:]


def check_whole(stack: Stack, api: Api, before: dict[Key, str]) -> None:
    """Everything is there once, is what it was, and is what the state says."""
    live, wanted = uids(api, stack), stack.wanted()
    assert set(live) == wanted, f"missing {sorted(wanted - set(live))}, too much {sorted(set(live) - wanted)}"
    anew = sorted(key for key, uid in before.items() if live[key] != uid)
    assert not anew, f"deleted and made anew: {anew}"
    assert stack.objects() == live, "the state has other objects than the API server"
    names = {f"creating {one.rpartition('::')[2]}" for one in stack.urns()}
    assert set(stack.pending()) <= names, f"the state does not know what became of {stack.pending()}"
    unchanged = stack.pulumi("preview", "--refresh", "--expect-no-changes")
    assert unchanged.code == 0, f"state and cluster differ:\n{unchanged.text[-3000:]}"


@pytest.mark.parametrize("name", FIRST_RUN)
def test_a_first_run_that_was_killed(project: Project, name: str) -> None:
    moment, api = FIRST_RUN[name], project.cluster.api
    stack = project.stack(f"first-{list(FIRST_RUN).index(name)}")
    stack.killed("up", moment)
    before, known = uids(api, stack), stack.objects()
    if isinstance(moment, Stop) and moment.done:
        assert set(before) - set(known), "it was not killed between an object's creation and its checkpoint"
    recover(stack)
    check_whole(stack, api, before)


@pytest.fixture(scope="module")
def running(project: Project) -> Stack:
    """A stack that is whole."""
    stack = project.stack("running")
    made = stack.up()
    assert made.code == 0, made.text[-3000:]
    return stack


@pytest.mark.parametrize("name", NEXT_RUN)
def test_a_change_that_was_killed(running: Stack, name: str) -> None:
    api = running.project.cluster.api
    running.configure(image=f"registry.example.com/web:2.{list(NEXT_RUN).index(name)}.0")
    before = uids(api, running)
    running.killed("up", NEXT_RUN[name])
    recover(running)
    check_whole(running, api, before)


def test_what_was_taken_over_can_be_changed_and_the_state_forgets_the_interruption(project: Project) -> None:
    """Whoever takes an object over must own its fields, or every later change is a conflict with the killed run."""
    stack, api = project.stack("taken-over"), project.cluster.api
    stack.killed("up", Stop(9, done=True))
    stack.pulumi("cancel", "--yes")
    stack.killed("up", Stop(9, done=True))
    before = uids(api, stack)
    stack.configure(image=NEXT)
    recover(stack)
    check_whole(stack, api, before)
    assert stack.pending(), "the state has nothing to forget: the runs were not interrupted where they should be"
    forgotten = stack.pulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview")
    assert (forgotten.code, stack.pending()) == (0, []), forgotten.text
    check_whole(stack, api, before)
