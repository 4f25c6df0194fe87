"""On which line something stands in a text that was read as YAML."""

import re
from collections.abc import Iterator, Sequence

import yaml

from ..record import record

Step = str | int
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@record
class Spot:
    """Where something begins in a file; both are counted from 1."""

    line: int = 1
    column: int = 1


def steps(place: str) -> tuple[Step, ...]:
    """A path as steps: `items[2].spec` are `items`, 2 and `spec`."""
    return tuple(int(index) if index else name for index, name in _STEP.findall(place))


class Positions:
    """Finds spots in one text. It is read for a second time when the first of them is asked for, and not before."""

    def __init__(self, text: str) -> None:
        self._left: Iterator[yaml.Node] = yaml.compose_all(text, Loader=yaml.CSafeLoader)
        self._documents: list[yaml.Node] = []

    def spot(self, document: int, path: Sequence[Step]) -> Spot:
        """Where the value at a path begins, by its key where it has one; the part of the path that is there counts.

        `document`: counted from 1, empty ones included.
        """
        while len(self._documents) < document:
            self._documents.append(next(self._left))
        node = self._documents[document - 1]
        mark = node.start_mark
        for step in path:
            found = _below(node, step)
            if found is None:
                break
            mark, node = found
        return Spot(mark.line + 1, mark.column + 1)


def _below(node: yaml.Node, step: Step) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark, item
    if not isinstance(node, yaml.MappingNode):
        return None
    for key, value in node.value:
        if key.value == step:
            return key.start_mark, value
    # What is merged in by `<<` stands elsewhere: there is its line.
    merged = [value for key, value in node.value if key.tag == "tag:yaml.org,2002:merge"]
    inside = [one for value in merged for one in (value.value if isinstance(value, yaml.SequenceNode) else [value])]
    return next((found for one in inside if (found := _below(one, step))), None)
