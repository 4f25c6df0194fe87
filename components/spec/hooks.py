"""Who else is asked about a release: gates that are addresses, and load that is made while it is checked."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field

from .base import Finding, Ruled
from .names import NameRule, NonEmpty, Url
from .values import Duration, Image, PositiveDuration

When = Literal["confirm", "pre", "during", "increase", "promote", "post", "rollback", "event"]
HookName = Annotated[
    str, NameRule(r"[a-z]([a-z0-9-]*[a-z0-9])?", 40, "a gate's name: use lower-case letters, digits and '-'")
]
_SAID: Mapping[When, str] = {
    "confirm": "Before it starts it waits until '{}' agrees",
    "pre": "Before the first request '{}' must agree",
    "during": "At every check '{}' must agree too",
    "increase": "Before every weight it waits until '{}' agrees",
    "promote": "Before everybody gets it, it waits until '{}' agrees",
    "post": "When it has ended, '{}' is told",
    "rollback": "It is taken back as soon as '{}' agrees to that",
    "event": "'{}' is told everything that happens",
}
LOAD_TEST = "load-test"
"""What the load test is called in manifests, tables and messages."""
_TEMPLATE = "'{{' would be filled in by an engine: leave it out"


class Hook(Ruled):
    """An address that is asked with a POST: 200, 201 or 202 means yes, an error and silence mean no.

    `confirm`, `increase` and `promote` wait for a yes: before the release starts, before every weight, and before
    everybody gets it. At `pre`, before the first request, and `during`, at every check, a no is a failed check. `post`
    is told the end, `event` everything, and a yes of `rollback` takes the release back.
    """

    name: HookName
    """What people call it, in tables and messages; each once."""
    when: When
    """When it is asked."""
    url: Url
    """The address, as the engine's controller sees it."""
    timeout: PositiveDuration = Duration.of_seconds(10)
    """How long an answer may take; whole seconds."""

    def problems(self) -> Iterator[Finding]:
        if self.timeout.milliseconds % 1_000:
            yield ("timeout",), f"{self.timeout} must be whole seconds"
        if "{{" in self.url:
            yield ("url",), _TEMPLATE

    @property
    def shown(self) -> str:
        """What it is called beside the checks, in manifests, tables and messages."""
        return f"gate-{self.name}"

    def __str__(self) -> str:
        return _SAID[self.when].format(self.name)


class LoadTest(Ruled):
    """Requests that are made while a release is checked, where users alone send too few.

    Exactly one of `image`, which runs the command as a Job, and `tester`, a load tester that runs it.
    """

    command: Annotated[list[NonEmpty], Field(min_length=1)]
    """The program and its arguments; it ends by itself, within a step's hold."""
    image: Image | None = None
    """Container that has the program; at every step it runs once, and the step fails where it does."""
    tester: Url | None = None
    """Address of Flagger's load tester, which begins the command anew at every check."""

    def problems(self) -> Iterator[Finding]:
        if (self.image is None) == (self.tester is None):
            yield (), "give either 'image' or 'tester': who runs the command"
        for index, word in enumerate(self.command):
            if "{{" in word:
                yield ("command", index), _TEMPLATE


def name_problems(hooks: list[Hook]) -> Iterator[Finding]:
    """Gates of one name could not be told apart in messages."""
    names = [hook.name for hook in hooks]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ("gates", index, "name"), f"two gates are named '{name}'"
