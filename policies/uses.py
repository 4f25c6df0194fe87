"""Where a Rollout uses analyses, and which metrics are measured there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .analyses import METRICS, Missing, used_templates
from .facts import KubeObject, Unknown
from .reading import Hidden, Place, read
from .rollouts import BLUE_GREEN, CANARY, STEPS
from .stack import Stack

_ARGUMENT = re.compile(r"\{\{\s*args\.([A-Za-z0-9_.-]+)\s*\}\}")


@dataclass(frozen=True)
class Use:
    """One place where analyses are asked for.

    place: what holds `args` and `dryRun`. references: the entries that name templates. background: whether it goes on
    beside the steps. experiment: whether it is one of an experiment.
    """

    place: Place
    references: tuple[Place, ...]
    background: bool = False
    experiment: bool = False

    def templates(self, stack: Stack) -> Iterator[KubeObject | Missing]:
        """The templates that are meant, those that they take in included. Raises Hidden."""
        owner = self.place.owner
        for one in used_templates([place.value for place in self.references], owner.namespace, stack):
            if isinstance(one, Unknown):
                raise Hidden(one.path, owner)
            yield one

    def metrics(self, stack: Stack) -> Iterator[Place]:
        """The metrics of those templates that the stack has. Raises Hidden."""
        for template in self.templates(stack):
            if isinstance(template, KubeObject):
                yield from read(template)(*METRICS).each


def uses(rollout: KubeObject) -> Iterator[Use]:
    """All of a Rollout's, in the order in which they begin. Raises Hidden."""
    whole = read(rollout)
    yield from _use(whole(*CANARY, "analysis"), background=True)
    for step in whole(*STEPS).each:
        yield from _use(step("analysis"))
        analyses = tuple(step("experiment", "analyses").each)
        if analyses:
            yield Use(step("experiment"), analyses, experiment=True)
    for when in ("pre", "post"):
        yield from _use(whole(*BLUE_GREEN, f"{when}PromotionAnalysis"))


def _use(place: Place, background: bool = False) -> Iterator[Use]:
    references = tuple(place("templates").each)
    if references:
        yield Use(place, references, background)


def arguments_in(text: str) -> list[str]:
    """The arguments that a text of a template is filled with."""
    return _ARGUMENT.findall(text)


def texts(place: Place) -> Iterator[str]:
    """All texts below a place, keys left out. Raises Hidden."""
    waiting = [place]
    while waiting:
        one = waiting.pop()
        if isinstance(one.value, str):
            yield one.value
        elif isinstance(one.value, dict):
            waiting += [one(key) for key in one.value]
        elif isinstance(one.value, list):
            waiting += list(one.each)
