"""For a workflow on GitHub: workflow commands, which GitHub shows beside the lines of a pull request.

Source: GitHub Docs, Workflow commands for GitHub Actions; actions/toolkit, packages/core/src/command.ts (escaping).
"""

from collections.abc import Mapping

from ...spec.errors import Problem
from ..report import STANDARD_INPUT, Report, Unusable, relative

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def report(report: Report) -> str:
    """An error or a warning for each finding, then the summary as a line of the log."""
    lines = []
    for one in report.findings:
        spot = report.spot(one)
        title = f"{one.rule.code} {one.rule.id}"
        where = {"file": relative(one.file), "line": str(spot.line), "col": str(spot.column), "title": title}
        lines.append(command("error" if one.refuses else "warning", where, one.message))
    if not report.passed and not any(one.refuses for one in report.findings):
        lines.append(command("error", {"title": "nothing was judged"}, report.summary))
    return "\n".join([*lines, report.summary])


def unusable(unusable: Unusable) -> str:
    """An error for each thing that is wrong."""
    return "\n".join(_problem(problem) for problem in unusable.problems)


def _problem(problem: Problem) -> str:
    message = Problem("", problem.path, problem.message, problem.app)
    return command("error", {"file": relative(problem.file), "title": "cannot be judged"}, str(message))


def command(name: str, properties: Mapping[str, str], message: str) -> str:
    """A workflow command. What is not in a file has no place in one."""
    if properties.get("file") == STANDARD_INPUT:
        properties = {"title": properties["title"]}
    given = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items())
    return f"::{name} {given}::{_escaped(message, _DATA)}"


def _escaped(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in text)
