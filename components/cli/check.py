"""`coalmine check`: the rules of the policy pack on manifests of any origin, without Pulumi and without a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..spec.errors import Problem, SpecError
from ..spec.yaml_files import read_documents
from . import formats, pack
from .exemptions import moment, show_exemptions
from .output import AsJson, show_problems
from .report import Exempted, Finding, Granted, Place, Report, Unusable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.configuration import Configuration
    from policies.documents import Breach, Verdict, Waived

    from .manifests import Document

    _Format = str
else:
    _Format = Literal[tuple(formats.names())]

_LISTS = ("json", "text")
"""The formats in which exemptions can be listed."""


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
    exemptions: Annotated[
        bool, typer.Option("--exemptions", help="List all exemptions and what they exempt, as text or JSON.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Judge manifests by the policies, all as one stack; exit 1 where one is refused, 2 where one cannot be read."""
    format = "json" if json else format
    if exemptions and format not in _LISTS:
        raise typer.BadParameter(f"with --exemptions it must be one of {', '.join(_LISTS)}", param_hint="--format")
    chosen = formats.load(format)
    try:
        rules = configured_rules(config)
        found = Found(_documents(paths), namespace)
    except SpecError as error:
        show_problems(error.problems)
        _show(chosen.unusable(Unusable(error.problems)))
        raise typer.Exit(2) from None
    report = found.report(rules, judged(found, rules), allow_nothing=allow_nothing)
    if exemptions:
        raise typer.Exit(show_exemptions(report, rules.exemptions.now, as_json=format == "json"))
    _show(chosen.report(report))
    raise typer.Exit(0 if report.passed else 1)


class Found:
    """All objects of all documents, and where each of them stands; `name`: of the pack that is to judge them.

    Raises SpecError for what is no object.
    """

    def __init__(self, documents: Sequence[Document], namespace: str, name: str = pack.BESIDE) -> None:
        reader = pack.part("documents", name)
        self.pack = name
        self.subjects: list[Any] = []
        self._places: list[Place] = []
        problems = []
        for document in documents:
            for one in reader.manifests(document.data, namespace):
                place = Place(document, one.place)
                if isinstance(one, reader.NoObject):
                    problems.append(Problem(document.file, place.shown, one.message))
                else:
                    self.subjects.append(one.subject)
                    self._places.append(place)
        if problems:
            raise SpecError(problems)

    def report(self, rules: Configuration, verdict: Verdict, *, allow_nothing: bool) -> Report:
        """What was said about the objects, each at its place."""
        return Report(
            [*rules, *rules.notes.values()],
            verdict,
            [self._finding(breach) for breach in verdict.breaches],
            [Exempted(self._finding(waived), waived.exemption) for waived in verdict.exempted],
            [
                Granted(one.exemption, self._object(one.index), self._place(one.index), one.exempts)
                for one in verdict.exemptions
            ],
            allow_nothing=allow_nothing,
        )

    def _finding(self, breach: Breach | Waived) -> Finding:
        subject, place = str(self.subjects[breach.index]), self._places[breach.index]
        return Finding(breach.rule.rule, str(breach.rule.level), subject, breach.field, breach.message, place)

    def _object(self, index: int | None) -> str:
        return "" if index is None else str(self.subjects[index])

    def _place(self, index: int | None) -> Place | None:
        return None if index is None else self._places[index]


def judged(found: Found, rules: Configuration) -> Verdict:
    """What the rules say about all objects together."""
    verdict: Verdict = pack.part("documents", found.pack).judge(found.subjects, rules)
    return verdict


def _documents(paths: Sequence[str]) -> list[Document]:
    # Only this verb reads manifests, and every verb's file is imported before any of them runs.
    from .manifests import read_manifests

    return read_manifests(paths)


def configured_rules(file: Path | None, name: str = pack.BESIDE) -> Configuration:
    """The rules of a pack, and what is exempted from them, as the file sets them. Raises SpecError."""
    configuration = pack.part("configuration", name)
    rules = pack.part("registry", name).discover().values()
    given = {} if file is None else read_configuration(file)
    try:
        found: Configuration = configuration.configured(rules, given, moment())
    except configuration.ConfigurationError as error:
        raise SpecError(Problem(str(file), one.path, one.message) for one in error.mistakes) from None
    return found


def read_configuration(file: Path) -> Any:
    """What a policy configuration says, whatever it is. Raises SpecError."""
    given, *more = read_documents(file, str(file))
    if more:
        raise SpecError([Problem(str(file), "", "holds more than one document")])
    return given


def _show(text: str) -> None:
    if text:
        print(text)
