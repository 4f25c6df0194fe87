"""Stand-ins of Pulumi's plug-ins, listed: what they do of what Pulumi's own do, and what they refuse.

The list is contract.yaml. `python -m localcluster.plugins.conformance > docs/reference/bundled-plugins.md` writes the
page that people read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from .wire.errors import UnsupportedError

_HEAD = """# The bundled plug-ins: what they do and what they refuse

<!-- Generated from the list: `python -m localcluster.plugins.conformance > docs/reference/bundled-plugins.md`. -->
<!-- Do not edit. -->

The local cluster, the tests and the demo run on stand-ins of Pulumi's Python language host and of its kubernetes and
random plug-ins ([why, and how to use Pulumi's own](../how-to/set-up.md#pulumis-plug-ins)). This page lists what was
observed of Pulumi's plug-ins, line by line, and what the stand-ins do beyond that. They do the same, or they refuse it:
they never guess. A refusal is an error that names what is missing and what to do:

```text
{example}
```

Every line has an id; the tests that prove it carry it as a mark (`@pytest.mark.conformance("check-autoname")`), and a
line without a test fails the tests.
"""


@dataclass(frozen=True)
class Line:
    """One observed behaviour. `refusal`: how the stand-in's error begins where it does not do this; else empty."""

    id: str
    observed: str
    refusal: str = ""


@dataclass(frozen=True)
class Section:
    """The lines about one operation or one plug-in."""

    title: str
    lines: tuple[Line, ...]


def contract() -> tuple[Section, ...]:
    """The list, in order. Raises TypeError for a key that no line has."""
    text = Path(__file__).with_name("contract.yaml").read_text(encoding="utf-8")
    return tuple(
        Section(section["title"], tuple(Line(**line) for line in section["lines"])) for section in yaml.safe_load(text)
    )


def refusal(identifier: str) -> str:
    """How the error begins with which the line is refused. Raises KeyError for a line that is not refused."""
    return {line.id: line.refusal for section in contract() for line in section.lines if line.refusal}[identifier]


def page(sections: Iterable[Section]) -> str:
    """The whole page as Markdown."""
    example = UnsupportedError(refusal("component-chart"))
    return _HEAD.format(example=example) + "".join(_section(section) for section in sections)


def _section(section: Section) -> str:
    rows = "".join(_row(line) for line in section.lines)
    return f"\n## {section.title}\n\n| id | Pulumi's plug-in | the bundled one |\n|---|---|---|\n{rows}"


def _row(line: Line) -> str:
    bundled = f"refuses: `{line.refusal}`" if line.refusal else "does the same"
    return f"| {line.id} | {line.observed} | {bundled} |\n"


if __name__ == "__main__":
    sys.stdout.write(page(contract()))
