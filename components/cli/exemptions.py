"""What `coalmine check` says about exemptions: who lets which rule be broken, until when, and what that still does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..spec.errors import Problem
from .output import print_json

if TYPE_CHECKING:
    from .report import Granted, Report

_WRONG = "exemptions"
"""The name under which the pack says what is wrong with one."""


def moment() -> datetime:
    """When exemptions are asked whether they are over."""
    return datetime.now(UTC)


def show_exemptions(report: Report, now: datetime, *, as_json: bool) -> int:
    """Lists all of them, and what is wrong with others. Returns the exit code: 1 where one is wrong."""
    wrong = [report.problem(one, one.message) for one in report.findings if one.rule.id == _WRONG]
    if as_json:
        problems = [{"file": one.file, "path": one.path, "message": one.message} for one in wrong]
        listed = [_data(one, now) for one in report.granted]
        print_json({"passed": not wrong, "problems": problems, "exemptions": listed})
    else:
        for text in (*wrong, *(_line(one, now) for one in report.granted), _count(report, now, len(wrong))):
            print(text)
    return 1 if wrong else 0


def _line(one: Granted, now: datetime) -> Problem | str:
    by = one.exemption
    text = (
        f"{by.rule}: {_object(one)}: by {by.owner} until {by.until} ({_left(one, now)}), "
        f"exempts {_violations(one.exempts)}: {by.reason}"
    )
    return Problem(one.place.document.file, one.place.shown, text) if one.place else text


def _object(one: Granted) -> str:
    return one.object or ", ".join(one.exemption.objects)


def _left(one: Granted, now: datetime) -> str:
    days = one.exemption.days_left(now)
    return "ended" if one.exemption.over(now) else f"{days} day{'' if days == 1 else 's'} left"


def _violations(count: int) -> str:
    return f"{count or 'no'} violation{'' if count == 1 else 's'}"


def _count(report: Report, now: datetime, wrong: int) -> str:
    every = report.granted
    ended = sum(one.exemption.over(now) for one in every)
    idle = sum(not one.exempts and not one.exemption.over(now) for one in every)
    parts = [f"{len(every)} exemption{'' if len(every) == 1 else 's'}"]
    parts += [f"{ended} ended"] if ended else []
    parts += [f"{idle} that exempt{'s' if idle == 1 else ''} nothing"] if idle else []
    parts += [f"{wrong} wrong"] if wrong else []
    return ", ".join(parts)


def _data(one: Granted, now: datetime) -> dict[str, Any]:
    """An exemption as data. `daysLeft`: whole days, below 0 where it is over."""
    by = one.exemption
    return {
        "rule": by.rule,
        "object": _object(one),
        "owner": by.owner,
        "reason": by.reason,
        "until": by.until,
        "daysLeft": by.days_left(now),
        "expired": by.over(now),
        "exempts": one.exempts,
        "from": "configuration" if by.objects else "annotation",
        "file": one.place.document.file if one.place else "",
        "path": one.place.shown if one.place else "",
    }
