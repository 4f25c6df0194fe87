"""`coalmine check`: the rules of the policy pack on manifests of any origin, without Pulumi and without a cluster."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..spec.errors import Problem, SpecError
from ..spec.yaml_files import read_documents
from . import formats
from .output import AsJson, show_problems
from .report import Finding, Place, Report, Unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.configuration import Configured
    from policies.documents import Breach, Verdict

    from .manifests import Document

    _Format = str
else:
    _Format = Literal[tuple(formats.names())]

_PACK = "policies" if __name__.startswith("components.") else "coalmine_policies"
"""The pack beside this package: in the checkout it has the name of its folder."""


def verb(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for standard input.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="Levels and limits: the file for pulumi's --policy-pack-config.")
    ] = None,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Namespace of objects that name none.")
    ] = "default",
    allow_nothing: Annotated[
        bool, typer.Option("--allow-nothing", help="Pass also where no rule applies to any object.")
    ] = False,
    format: Annotated[_Format, typer.Option("--format", help="What to print.")] = "text",
    json: AsJson = False,
) -> None:
    """Judge manifests by the policies, all as one stack; exit 1 where one is refused, 2 where one cannot be read."""
    chosen = formats.load("json" if json else format)
    try:
        rules = configured_rules(config)
        found = Found(_documents(paths), namespace)
    except SpecError as error:
        show_problems(error.problems)
        _show(chosen.unusable(Unusable(error.problems)))
        raise typer.Exit(2) from None
    report = found.report(rules, judged(found, rules), allow_nothing=allow_nothing)
    _show(chosen.report(report))
    raise typer.Exit(0 if report.passed else 1)


class Found:
    """All objects of all documents, and where each of them stands. Raises SpecError for what is no object."""

    def __init__(self, documents: Sequence[Document], namespace: str) -> None:
        pack = import_module(f"{_PACK}.documents")
        self.subjects: list[Any] = []
        self._places: list[Place] = []
        problems = []
        for document in documents:
            for one in pack.manifests(document.data, namespace):
                place = Place(document, one.place)
                if isinstance(one, pack.NoObject):
                    problems.append(Problem(document.file, place.shown, one.message))
                else:
                    self.subjects.append(one.subject)
                    self._places.append(place)
        if problems:
            raise SpecError(problems)

    def report(self, rules: Sequence[Configured], verdict: Verdict, *, allow_nothing: bool) -> Report:
        """What was said about the objects, each at its place."""
        findings = [self._finding(breach) for breach in verdict.breaches]
        return Report(rules, verdict, findings, allow_nothing=allow_nothing)

    def _finding(self, breach: Breach) -> Finding:
        subject, place = str(self.subjects[breach.index]), self._places[breach.index]
        return Finding(breach.rule.rule, str(breach.rule.level), subject, breach.field, breach.message, place)


def judged(found: Found, rules: Sequence[Configured]) -> Verdict:
    """What the rules say about all objects together."""
    verdict: Verdict = import_module(f"{_PACK}.documents").judge(found.subjects, rules)
    return verdict


def _documents(paths: Sequence[str]) -> list[Document]:
    # Only this verb reads manifests, and every verb's file is imported before any of them runs.
    from .manifests import read_manifests

    return read_manifests(paths)


def configured_rules(file: Path | None) -> list[Configured]:
    """The rules as the file sets them. Raises SpecError."""
    pack = import_module(f"{_PACK}.configuration")
    rules = import_module(f"{_PACK}.registry").discover().values()
    given: Any = {}
    if file is not None:
        given, *more = read_documents(file, str(file))
        if more:
            raise SpecError([Problem(str(file), "", "holds more than one document")])
    try:
        found: list[Configured] = pack.configured(rules, given)
    except pack.ConfigurationError as error:
        raise SpecError(Problem(str(file), one.path, one.message) for one in error.mistakes) from None
    return found


def _show(text: str) -> None:
    if text:
        print(text)
