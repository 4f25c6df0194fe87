"""For people: a line for each finding, and one about how much was judged."""

from collections.abc import Iterator

from ..report import Report, Unusable


def report(report: Report) -> str:
    """The findings, then the summary."""
    return "\n".join([*_lines(report), report.summary])


def unusable(unusable: Unusable) -> str:
    """Nothing: standard error says it."""
    return ""


def _lines(report: Report) -> Iterator[str]:
    for one in report.findings:
        word = "refused by" if one.refuses else "advice of"
        yield str(report.problem(one, f"{word} {one.rule.id}: {one.message}"))
