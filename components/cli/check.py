"""`coalmine check`: the rules of the policy pack on manifests of any origin, without Pulumi and without a cluster."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..spec.errors import Problem, SpecError
from ..spec.yaml_files import read_documents
from .output import AsJson, as_data, evaluated, print_json, show_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.configuration import Configured
    from policies.documents import Verdict

    from .manifests import Document

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
    format: Annotated[Literal["text", "json"], typer.Option("--format", help="What to print.")] = "text",
    json: AsJson = False,
) -> None:
    """Judge manifests by the policies, all as one stack; exit 1 where one is refused, 2 where one cannot be read."""
    try:
        rules = configured_rules(config)
        found = Found(_documents(paths), namespace)
    except SpecError as error:
        _unusable(error.problems, json or format == "json")
        raise typer.Exit(2) from None
    verdict = judged(found, rules)
    passed = not verdict.refused and (bool(verdict.evaluations) or allow_nothing)
    if json or format == "json":
        print_json(_as_data(verdict, found, passed))
    else:
        for breach in verdict.breaches:
            word = "refused by" if breach.rule.level == "mandatory" else "advice of"
            print(found.problem(breach.index, f"{word} {breach.rule.rule.id}: {breach.message}"))
        print(_summary(verdict, passed))
    raise typer.Exit(0 if passed else 1)


class Found:
    """All objects of all documents, and where each of them stands. Raises SpecError for what is no object."""

    def __init__(self, documents: Sequence[Document], namespace: str) -> None:
        pack = import_module(f"{_PACK}.documents")
        self.subjects: list[Any] = []
        self._places: list[tuple[str, str]] = []
        problems = []
        for document in documents:
            number = f"document {document.number}" if document.number else ""
            for one in pack.manifests(document.data, namespace):
                place = ": ".join(part for part in (number, one.place) if part)
                if isinstance(one, pack.NoObject):
                    problems.append(Problem(document.file, place, one.message))
                else:
                    self.subjects.append(one.subject)
                    self._places.append((document.file, place))
        if problems:
            raise SpecError(problems)

    def problem(self, index: int, message: str) -> Problem:
        """What is said about an object, at its place."""
        return Problem(*self._places[index], message)


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


def _unusable(problems: Sequence[Problem], json: bool) -> None:
    if json:
        print_json({"passed": False, "problems": [as_data(problem) for problem in problems]})
    else:
        show_problems(problems)


def _summary(verdict: Verdict, passed: bool) -> str:
    counted = evaluated(verdict.evaluations, verdict.rules, verdict.objects, verdict.given)
    if not verdict.evaluations:
        allowed = "" if passed else " (--allow-nothing lets that pass)"
        return f"{counted}: no rule was evaluated on any object{allowed}"
    refused = sorted({breach.rule.rule.id for breach in verdict.breaches if breach.rule.level == "mandatory"})
    return f"{counted}: {'refused by ' + ', '.join(refused) if refused else 'passed'}"


def _as_data(verdict: Verdict, found: Found, passed: bool) -> dict[str, Any]:
    return {
        "passed": passed,
        "problems": [],
        "given": verdict.given,
        "judged": {"rules": verdict.rules, "objects": verdict.objects, "evaluations": verdict.evaluations},
        "violations": [
            {
                "rule": breach.rule.rule.id,
                "code": breach.rule.rule.code,
                "level": str(breach.rule.level),
                "severity": str(breach.rule.rule.severity),
                "object": str(found.subjects[breach.index]),
                **{
                    key: value
                    for key, value in as_data(found.problem(breach.index, breach.message)).items()
                    if key != "app"
                },
            }
            for breach in verdict.breaches
        ],
    }
