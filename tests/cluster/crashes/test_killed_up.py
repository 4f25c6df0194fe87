"""`pulumi up` killed with SIGKILL at twenty moments: `pulumi cancel` and another `pulumi up` make it whole."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .gate import Gate, Stop
from .stacks import Project, Stack, owned

NEXT = "registry.example.com/web:2.0.0"


def kept(number: int) -> Callable[[Stack], bool]:
    """The moment when the state has a number of objects."""
    return lambda stack: len(stack.objects()) >= number


# The first run writes 19 objects: the namespace, then the apps' side by side.
STATES: dict[str, Callable[[Stack], bool]] = {
    "it has locked the stack": lambda stack: stack.locked,
    "the state has its first object": kept(1),
    "the state has 5 objects": kept(5),
    "the state has 10 objects": kept(10),
    "the state has 15 objects": kept(15),
}
BEFORE = (1, 2, 7, 13)
DONE = (1, 2, 3, 5, 8, 11, 14, 17)


def test_a_run_that_is_killed_when_its_state_has_come_so_far(project: Project) -> None:
    pass
