"""The way of an app between Pulumi and a GitOps engine, in two runs each way; its pods go on running.

Whoever lets go of the objects must not delete them, and whoever takes them must own their fields alone: a field with
two owners stays when one of them leaves it out. See docs/concepts/gitops.md.
"""

from collections.abc import Mapping
from typing import Any

from .adoption import RESOURCE_ANNOTATION
from .record import record
from .spec.gitops import Via
from .spec.labels import VIA_ANNOTATION
from .through_git import PHASE_ANNOTATION, Phase

PULUMI = "pulumi-kubernetes"
"""How the field managers of Pulumi's Kubernetes provider begin."""

Object = Mapping[str, Any]


@record
class Course:
    """What a run does with an app.

    Fields: `registers`: whether Pulumi has the app's objects; `kept`: whether they stay where Pulumi has them no more;
    `phase`: of the object that tells the engine what to deliver, None where there is none; `turns`: whether the fields
    of the app's objects get another owner before that phase begins.
    """

    registers: bool
    kept: bool = False
    phase: Phase | None = None
    turns: bool = False


def course(via: Via, release: Object | None, delivery: Object | None) -> Course:
    """What to do, by what is live of this stack: the object that says how the release goes, and the engine's order."""
    phase = None if delivery is None else annotations_of(delivery).get(PHASE_ANNOTATION)
    if via == "gitops":
        if is_of_pulumi(release) and phase in (None, "released"):
            # All objects are in the state with the word that they stay before the engine's is made, or changed.
            return Course(registers=True, kept=True, phase="waiting")
        return Course(registers=False, phase="delivering", turns=phase == "waiting")
    if phase == "delivering":
        return Course(registers=True, phase="released", turns=True)
    return Course(registers=True)


def is_of_pulumi(live: Object | None) -> bool:
    """Whether a live object was made, or taken over, by a resource of Pulumi's."""
    return live is not None and RESOURCE_ANNOTATION in annotations_of(live)


def is_of_git(live: Object | None) -> bool:
    """Whether a live object was delivered from Git, and Pulumi has not taken it over since."""
    return live is not None and VIA_ANNOTATION in annotations_of(live) and not is_of_pulumi(live)


def annotations_of(live: Object) -> Mapping[str, str]:
    """The annotations of a live object."""
    found: Mapping[str, str] = live["metadata"].get("annotations") or {}
    return found


def turned_over(entries: list[dict[str, Any]], begins: str, to: str) -> list[dict[str, Any]] | None:
    """`managedFields` in which all that managers own whose names begin so belongs to another, as if it had applied it.

    None where they own nothing. Source: kubernetes.io/docs/reference/using-api/server-side-apply (transferring).
    """
    given = [one for one in entries if one["manager"].startswith(begins) and not one.get("subresource")]
    if not given:
        return None
    taken = [one for one in entries if one["manager"] == to and one["operation"] == "Apply" and one not in given]
    merged: dict[str, dict[str, Any]] = {}
    for one in (*taken, *given):
        known = merged.setdefault(one["apiVersion"], {**one, "manager": to, "operation": "Apply", "fieldsV1": {}})
        known["fieldsV1"] = _together(known["fieldsV1"], one.get("fieldsV1") or {})
    return [*(one for one in entries if one not in given and one not in taken), *merged.values()]


def _together(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of both sets."""
    shared = {key: _together(one[key], other[key]) for key in one.keys() & other.keys()}
    return {**one, **other, **shared}
