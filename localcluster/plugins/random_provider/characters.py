"""Stand-in for pulumi-resource-random: random text from character classes, shared by passwords and strings."""

from __future__ import annotations

import secrets
import string

from ..wire.values import Object
from .kind import KEEPERS, Argument

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"

ARGUMENTS = {
    "keepers": KEEPERS,
    "length": Argument((int,), required=True, minimum=1),
    "lower": Argument((bool,), True),
    "minLower": Argument((int,), 0, minimum=0),
    "minNumeric": Argument((int,), 0, minimum=0),
    "minSpecial": Argument((int,), 0, minimum=0),
    "minUpper": Argument((int,), 0, minimum=0),
    "number": Argument((bool,), True),
    "numeric": Argument((bool,), True),
    "overrideSpecial": Argument((str,)),
    "special": Argument((bool,), True),
    "upper": Argument((bool,), True),
}


def _classes(arguments: Object) -> list[tuple[str, bool, int]]:
    special = arguments.get("overrideSpecial") or _SPECIAL
    return [
        (string.ascii_lowercase, arguments["lower"], arguments["minLower"]),
        (string.ascii_uppercase, arguments["upper"], arguments["minUpper"]),
        (string.digits, arguments["numeric"] and arguments["number"], arguments["minNumeric"]),
        (special, arguments["special"], arguments["minSpecial"]),
    ]


def validate(arguments: Object) -> list[tuple[str, str]]:
    """What cannot be generated from the arguments."""
    classes = _classes(arguments)
    smallest = sum(minimum for _, _, minimum in classes)
    if smallest > arguments["length"]:
        return [("length", f"must be at least {smallest}, the sum of the minimums, not {arguments['length']}")]
    if not any(enabled for _, enabled, _ in classes):
        return [("special", "at least one of lower, upper, numeric and special must be true")]
    return []


def random_text(arguments: Object) -> str:
    """A text of `length` characters that has the minimum of each class, in random order."""
    classes = _classes(arguments)
    characters = [secrets.choice(alphabet) for alphabet, _, minimum in classes for _ in range(minimum)]
    every = "".join(alphabet for alphabet, enabled, _ in classes if enabled)
    characters += [secrets.choice(every) for _ in range(arguments["length"] - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
