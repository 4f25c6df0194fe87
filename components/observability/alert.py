"""The contract of an alert; each is one file of alerts/ with an `ALERT`, found by being there."""

import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import field
from functools import cache
from importlib import import_module
from typing import Any, Literal

from ..record import record
from ..spec.values import Duration
from .watched import Watched, WatchedApp

AT_ONCE = Duration(0)


@record
class Case:
    """When an alert fires. Fields: `expression`; `lasting`: for how long it must hold."""

    expression: str
    lasting: Duration = AT_ONCE


@record
class Alert:
    """Something that people should hear of.

    Fields: `name`; `severity`: `critical` where users or all releases are affected; `summary`, `description`: with
    Prometheus' templates; `cases`, `of_app`: in which it fires, on a stack and for an app.
    """

    name: str
    severity: Literal["critical", "warning"]
    summary: str
    description: str
    cases: Callable[[Watched], Iterable[Case]] = field(default=lambda _watched: ())
    of_app: Callable[[WatchedApp], Iterable[Case]] = field(default=lambda _app: ())

    @property
    def page(self) -> str:
        """The file of its runbook."""
        return f"{re.sub('(?<!^)(?=[A-Z])', '-', self.name).lower()}.md"

    def rule(self, case: Case, runbooks: str) -> dict[str, Any]:
        """The rule of a case. `runbooks`: the folder of all runbooks, or its address."""
        page = f"{runbooks.rstrip('/')}/{self.page}"
        return {
            "alert": self.name,
            "expr": case.expression,
            **({} if case.lasting == AT_ONCE else {"for": str(case.lasting)}),
            "labels": {"severity": self.severity},
            "annotations": {"summary": self.summary, "description": self.description, "runbook_url": page},
        }


@cache
def all_alerts() -> tuple[Alert, ...]:
    """Every alert, in alphabetical order of its file."""
    from . import alerts

    names = sorted(module.name for module in pkgutil.iter_modules(alerts.__path__))
    return tuple(import_module(f"{alerts.__name__}.{name}").ALERT for name in names)
