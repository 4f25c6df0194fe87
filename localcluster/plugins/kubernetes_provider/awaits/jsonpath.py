"""Stand-in for pulumi-resource-kubernetes: the JSONPath expressions of the waitFor annotation.

Fields, quoted keys, indexes, `[*]` and filters `[?(@.a.b=="c")]`; anything else is refused.
"""

from __future__ import annotations

import re
from typing import Any, Final

from ...wire.errors import UnsupportedError

_STEP: Final = re.compile(
    r"""\.(?P<field>[A-Za-z_][\w-]*(?:\\.[\w-]+)*)"""
    r"""|\[(?:(?P<quote>["'])(?P<key>[^"']+)(?P=quote)|(?P<index>-?\d+)|(?P<all>\*)"""
    r"""|\?\(@(?P<path>(?:\.[A-Za-z_][\w-]*)+)\s*==\s*["'](?P<value>[^"']*)["']\))\]"""
)


def find(obj: Any, expression: str) -> list[Any]:
    """All values that the expression, in braces or not, selects; raises UnsupportedError."""
    text = expression.strip().removeprefix("{").removesuffix("}").strip().removeprefix("$")
    found = [obj]
    while text:
        match = _STEP.match(text)
        if match is None:
            raise UnsupportedError(f"the JSONPath expression '{expression}'")
        found = [value for item in found for value in _step(item, match)]
        text = text[match.end() :]
    return found


def _step(item: Any, match: re.Match[str]) -> list[Any]:
    key = match["key"] or (match["field"] or "").replace("\\.", ".")
    if key:
        return [item[key]] if isinstance(item, dict) and key in item else []
    if not isinstance(item, list):
        return []
    if match["all"]:
        return item
    if match["index"]:
        index = int(match["index"])
        return [item[index]] if -len(item) <= index < len(item) else []
    return [element for element in item if match["value"] in map(str, find(element, match["path"]))]
