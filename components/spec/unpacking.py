"""From an app with a chart or an overlay to the same app with its pods: the one step that runs other programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ..templating.helm import Release, template
from ..templating.kustomize import build
from ..templating.program import TemplatingError
from ..templating.tidy import tidy
from .app import AppSpec
from .base import Finding
from .errors import Problem, SpecError, explain
from .objects import place_of
from .origin import Origin, Package
from .packaged import HelmChart, Kustomization
from .rendered import Rendered, workload_of
from .workload import KINDS
from .yaml_files import parse_manifests

Unpacked = tuple[AppSpec, Origin, tuple[str, ...]]
_ODD = "an object without 'apiVersion', 'kind' or 'metadata.name'"


def unpacked(spec: AppSpec, data: Mapping[str, Any], origin: Origin, root: Path, kubernetes: str) -> Unpacked:
    """The app with its pods, where the parts of it stand, and what to know of it, a sentence each.

    `data`: what was written; `kubernetes`: the cluster's version. Raises SpecError.
    """
    key = spec.workload.given_whole[0]
    package = getattr(spec.workload, key)
    made = _made(spec, package, (root / origin.file).parent / package.path, root, kubernetes)
    if isinstance(made, list):
        raise SpecError(origin.problem(("workload", key, *path), message) for path, message in made)
    return _valid(data, made, key, origin)


def _valid(data: Mapping[str, Any], made: Rendered, key: str, origin: Origin) -> Unpacked:
    written = {name: value for name, value in data["workload"].items() if name != key}
    own = made.workload.get("objects", [])
    objects = [*own, *written.get("objects", [])]
    full = {**data, "workload": {**made.workload, **written, **({"objects": objects} if objects else {})}}
    where = replace(origin, package=Package(key, made.released, tuple(place_of(one) for one in own)))
    try:
        return AppSpec.model_validate(full), where, made.notes
    except ValidationError as error:
        raise SpecError(where.problem(path, message) for path, message in explain(error, AppSpec, full)) from None


def _made(
    spec: AppSpec, package: HelmChart | Kustomization, place: Path, root: Path, kubernetes: str
) -> Rendered | list[Finding]:
    wrong = _misplaced(package, place, root)
    if wrong:
        return [(("path",), wrong)]
    try:
        first, *others = (list(_objects(text)) for text in _texts(spec, package, place.resolve(), kubernetes))
    except TemplatingError as error:
        return [((), str(error))]
    except SpecError as error:
        return [((), f"renders what cannot be read: {problem.message}") for problem in error.problems]
    for other in others:
        if other != first:
            return [((), _changing(first, other))]
    return workload_of(first, KINDS[spec.workload.kind], spec.name, spec.namespace, package.without)


def _misplaced(package: HelmChart | Kustomization, place: Path, root: Path) -> str:
    if not place.resolve().is_relative_to(root.resolve()):
        return f"'{package.path}' leads out of the project's folder: keep it below"
    needed = ["Chart.yaml"] if isinstance(package, HelmChart) else ["kustomization.yaml", "kustomization.yml"]
    if not any((place / name).is_file() for name in needed):
        return f"no {needed[0]} in '{package.path}', seen from the app's file"
    return ""


def _texts(spec: AppSpec, package: HelmChart | Kustomization, place: Path, kubernetes: str) -> Sequence[str]:
    """What is rendered; of a chart twice, whose functions may make up passwords and look at the clock."""
    if isinstance(package, Kustomization):
        return [build(place)]
    release = Release(spec.name, spec.namespace, kubernetes)
    # Only `helm test` runs tests, never an installation.
    return [template(place, release, package.values, ["--skip-tests"]) for _ in range(2)]


def _objects(text: str) -> Iterator[dict[str, Any]]:
    for document in parse_manifests(text.encode(), ""):
        for one in _listed(document):
            metadata = one.get("metadata") if isinstance(one, dict) else None
            named = (
                [one.get("apiVersion"), one.get("kind"), metadata.get("name")] if isinstance(metadata, dict) else [None]
            )
            if not all(isinstance(name, str) for name in named):
                raise SpecError([Problem("", "", _ODD)])
            yield tidy(one)


def _listed(document: Any) -> Sequence[Any]:
    """What is in a list of objects; one object by itself; nothing for an empty document."""
    if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
        return list(document["items"] or [])
    return [] if document is None else [document]


def _changing(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> str:
    differing = ", ".join("/".join(place_of(one)) for one in first if one not in second)
    return f"renders {differing or 'other objects'} otherwise every time, and each would be a release: give it a value"
