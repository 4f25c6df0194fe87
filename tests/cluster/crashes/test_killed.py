"""Runs killed with SIGKILL: `pulumi cancel` and the same command again make whole what they had begun.

`pulumi up` at twenty moments, `pulumi destroy` at nine; all of them reached by what the run has done, not by the clock.
"""

import pytest

from localcluster.api import Api

from .gate import Stop
from .page import commands_of, removed_files
from .stacks import Key, Moment, Project, Stack, owned, wait_until_gone

PAGE = "recover-from-a-crash.md"
NEXT = "registry.example.com/web:2.0.0"


def kept(number: int) -> Moment:
    """When the state has so many objects."""
    return lambda stack: len(stack.objects()) >= number


def dropped(number: int) -> Moment:
    """When the state has lost so many of a stack's objects."""
    return lambda stack: len(stack.objects()) <= len(stack.wanted()) - number


def locked(stack: Stack) -> bool:
    """When a run has just begun."""
    return stack.locked


# The first run writes the namespace, then the objects of both apps side by side: 18 in all.
FIRST_RUN: dict[str, Moment] = {
    "the stack is locked": locked,
    **{f"objects in the state: {number}": kept(number) for number in (1, 4, 9, 14)},
    **{f"write {number} is on its way": Stop(number, done=False) for number in (1, 3, 8, 13)},
    **{f"write {number} is done": Stop(number, done=True) for number in (1, 2, 4, 6, 9, 12, 15, 17)},
}
NEXT_RUN: dict[str, Moment] = {
    "change 1 is on its way": Stop(1, done=False),
    "change 1 is done": Stop(1, done=True),
    "change 2 is done": Stop(2, done=True),
}
DESTROY: dict[str, Moment] = {
    "the stack is locked": locked,
    **{f"objects gone from the state: {number}": dropped(number) for number in (1, 8)},
    **{f"deletion {number} is on its way": Stop(number, done=False) for number in (1, 9)},
    **{f"deletion {number} is done": Stop(number, done=True) for number in (1, 4, 9, 18)},
}


@pytest.fixture(scope="module")
def whole() -> list[Stack]:
    """Stacks that are whole, for tests that need one."""
    return []


def uids(api: Api, stack: Stack) -> dict[Key, str]:
    """What the API server has of a stack."""
    return {key: item["metadata"]["uid"] for key, item in owned(api, stack.label).items()}


def succeed(stack: Stack, *command: str) -> str:
    """What a command said that must not fail."""
    ended = stack.pulumi(*command)
    assert ended.code == 0, f"pulumi {' '.join(command)}:\n{ended.text[-3000:]}"
    return ended.text


def recover(stack: Stack, verb: str) -> None:
    """What a user does."""
    succeed(stack, "cancel", "--yes")
    succeed(stack, verb, "--yes", "--skip-preview")


def check_whole(stack: Stack, api: Api, before: dict[Key, str]) -> None:
    """Everything is there once, is what it was, and is what the state says."""
    live, wanted = uids(api, stack), stack.wanted()
    assert set(live) == wanted, f"missing {sorted(wanted - set(live))}, too much {sorted(set(live) - wanted)}"
    anew = sorted(key for key, uid in before.items() if live[key] != uid)
    assert not anew, f"deleted and made anew: {anew}"
    assert stack.objects() == live, "the state has other objects than the API server"
    names = {f"creating {urn.rpartition('::')[2]}" for urn in stack.urns()}
    assert set(stack.pending()) <= names, f"the state does not know what became of {stack.pending()}"
    succeed(stack, "preview", "--refresh", "--expect-no-changes")


@pytest.mark.parametrize("name", FIRST_RUN)
def test_a_first_run_that_was_killed(project: Project, whole: list[Stack], name: str) -> None:
    moment, api = FIRST_RUN[name], project.cluster.api
    stack = project.stack(f"first-{list(FIRST_RUN).index(name)}")
    stack.killed("up", moment)
    before, known = uids(api, stack), stack.objects()
    if isinstance(moment, Stop) and moment.done:
        assert set(before) - set(known), "it was not killed between an object's creation and its checkpoint"
    recover(stack, "up")
    check_whole(stack, api, before)
    whole.append(stack)


@pytest.mark.parametrize("name", NEXT_RUN)
def test_a_change_that_was_killed(project: Project, whole: list[Stack], name: str) -> None:
    number = list(NEXT_RUN).index(name)
    stack, api = some_stack(project, whole, f"next-{number}"), project.cluster.api
    stack.configure(image=f"registry.example.com/web:2.{number}.0")
    before = uids(api, stack)
    stack.killed("up", NEXT_RUN[name])
    recover(stack, "up")
    check_whole(stack, api, before)
    whole.append(stack)


@pytest.mark.parametrize("name", DESTROY)
def test_a_destroy_that_was_killed_leaves_nothing(project: Project, whole: list[Stack], name: str) -> None:
    stack, api = some_stack(project, whole, f"gone-{list(DESTROY).index(name)}"), project.cluster.api
    stack.killed("destroy", DESTROY[name])
    recover(stack, "destroy")
    assert not stack.objects()
    wait_until_gone(api, stack.label)


def some_stack(project: Project, whole: list[Stack], name: str) -> Stack:
    """One that an earlier test has left, else a new one of that name."""
    if whole:
        return whole.pop(0)
    stack = project.stack(name)
    succeed(stack, "up", "--yes", "--skip-preview")
    return stack


def test_namespaces_are_left_by_choice_and_taken_over_again(project: Project) -> None:
    stack, api = project.stack("keeping", keep_namespaces=True), project.cluster.api
    succeed(stack, "up", "--yes", "--skip-preview")
    stack.killed("destroy", Stop(6, done=True))
    before = uids(api, stack)
    recover(stack, "destroy")
    left = ("Namespace", "", "keeping")
    assert uids(api, stack) == {left: before[left]}
    succeed(stack, "up", "--yes", "--skip-preview")
    assert uids(api, stack)[left] == before[left]


def test_the_commands_of_the_how_to(project: Project) -> None:
    """Killed twice, then changed: who takes an object over owns its fields, else every later change is a conflict."""
    stack, api = project.stack("production"), project.cluster.api
    update, forget, destroy, keep, lost = commands_of(PAGE)
    stack.killed("up", Stop(9, done=True))
    succeed(stack, "cancel", "--yes")
    stack.killed("up", Stop(9, done=True))
    before = uids(api, stack)
    stack.configure(image=NEXT)
    for command in update:
        succeed(stack, *command)
    check_whole(stack, api, before)
    assert stack.pending(), "there is nothing to forget: the runs were killed somewhere else"
    for command in forget:
        succeed(stack, *command)
    assert stack.pending() == []
    stack.killed("destroy", Stop(5, done=True))
    for command in keep:
        succeed(stack, *command)
    before = uids(api, stack)
    check_whole(stack, api, before)
    succeed(stack, "stack", "rm", "--force", "--yes", "--preserve-config")
    for command in lost:
        succeed(stack, *command)
    check_whole(stack, api, before)
    # What a run leaves that is killed in the wrong moment, in a back end that keeps attributes.
    [attributes] = [stack.back_end.parent / name for name in removed_files(PAGE)]
    attributes.touch()
    assert "failed to load checkpoint: EOF" in stack.pulumi("cancel", "--yes").text
    attributes.unlink()
    stack.killed("destroy", Stop(3, done=True))
    for command in destroy:
        succeed(stack, *command)
    wait_until_gone(api, stack.label)
