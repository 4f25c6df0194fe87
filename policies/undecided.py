"""What the pack says where a preview cannot judge a rule, because a value exists only during the update.

The engine's SDK would turn a touched unknown into "can't run policy", drop that policy's other findings on the object
and go on. Here everything that is known is judged as usual, and what is left is reported under a name of its own, so
that it is advisory by default (like the SDK's) even where the rule is mandatory: nothing is refused for a value that
may be fine, and nothing passes in silence. During the update the value is known, and the rule itself decides: a rule
about one object before that object is changed, a rule about the stack once all objects are. A site that wants no
unknowns makes these names mandatory.
"""

from dataclasses import dataclass

from .facts import KubeObject
from .rule import Rule, Undecided


@dataclass(frozen=True)
class Note:
    """How the open questions of one sort of rules are reported: its name for the engine and its texts."""

    id: str
    title: str
    why: str
    fix: str


OBJECTS = Note(
    "undecided-in-preview",
    "Some rules wait for the update",
    "A preview cannot judge a rule on a value that exists only during the update; the rule decides then.",
    "Use a value that is known beforehand, or accept that the update may be refused.",
)
STACK = Note(
    "undecided-in-stack-preview",
    "Some rules about the stack wait for the update",
    "A preview cannot judge a rule on a value that exists only during the update; the rule decides when it is done.",
    "Use a value that is known beforehand, or accept that the update may end with a refusal.",
)
NOTES = (OBJECTS, STACK)


def sentence(subject: KubeObject, rule: Rule, finding: Undecided) -> str:
    """The message for users: the rule, the object, the value that is missing."""
    return f"{subject}: '{rule.id}' is judged during the update, when {finding.path} is known"
