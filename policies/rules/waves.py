"""Waves: how a change reaches many clusters, one group after the other, by an ApplicationSet's RollingSync.

A step takes the Applications whose labels it matches; `maxUpdate` says how many of them change at a time, all where
absent. What a step is for is told by the values that it matches.
"""

import re
from collections.abc import Iterator

from ..examples import APPLICATION, drop, made, put
from ..facts import KubeObject, shown
from ..gitops_kinds import APP_SET
from ..reading import Place, decided, read
from ..remedies import setting
from ..rule import REMOVED, Enforcement, Finding, ObjectRule, Parameter, Settings, Severity, Texts, Violation

_STEPS = ("spec", "strategy", "rollingSync", "steps")
_MANY = ("clusters", "list", "matrix", "merge", "clusterDecisionResource", "plugin")
_FIELD = re.compile(r"\{\{\s*\.?([A-Za-z0-9_.-]+)\s*\}\}")


def _reaches_many(subject: KubeObject) -> bool:
    """Whether it makes Applications for clusters, and not for the folders or branches of a repository alone."""
    return any(one(kind).given for one in read(subject)("spec", "generators").each for kind in _MANY)


def _is_rolling(subject: KubeObject) -> bool:
    return read(subject)("spec", "strategy", "type").text == "RollingSync"


def _matched(step: Place) -> Iterator[tuple[str, list[str]]]:
    for one in step("matchExpressions").each:
        if one("operator").text in ("In", ""):
            yield one("key").text, [value.text for value in one("values").each]


@decided
def rolls_in_waves(subject: KubeObject, settings: Settings) -> Iterator[Finding]:
    """A set for several clusters rolls in steps, and production's change few at a time."""
    if not _reaches_many(subject):
        return
    if not _is_rolling(subject) or not read(subject)(*_STEPS).value:
        place = read(subject)("spec", "strategy")
        said = f"{place.here} is no RollingSync with steps, so that all clusters change at once"
        yield Violation(said, "set type: RollingSync, and a step for each wave")
        return
    for step in read(subject)(*_STEPS).each:
        values = [value for _, found in _matched(step) for value in found]
        if any(word in value.lower() for word in settings["production"] for value in values):
            yield from _judge_share(step("maxUpdate"), settings["max"])


def _judge_share(most: Place, limit: float) -> Iterator[Violation]:
    """A share of `limit` percent at most, or one at a time."""
    share = most.text.removesuffix("%")
    if most.number is not None and most.number <= 1:
        return
    if most.text.endswith("%") and len(share) < 10 and share.isdecimal() and float(share) <= limit:
        return
    value = "absent, which means all" if not most.given else f"above {shown(limit)} %, or no share"
    yield Violation(f"{most.here} is {value}", f"set it to {shown(limit)}% or to 1")


@decided
def one_step_each(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Each Application is of exactly one step."""
    if not _is_rolling(subject):
        return
    labels = read(subject)("spec", "template", "metadata", "labels")
    taken: dict[tuple[str, str], Place] = {}
    for step in read(subject)(*_STEPS).each:
        if not step("matchExpressions").value:
            yield Violation(f"{step.here} matches every Application", "name the label of its wave")
        for key, values in _matched(step):
            if key not in labels.keys:
                said = f"{step.here} asks for a label that no Application has, so that it is of no Application"
                yield Violation(said, f"add it to {labels.here}")
            for value in values:
                if (key, value) in taken and taken[key, value].here != step.here:
                    said = f"{step.here} and {taken[key, value].here} match the same Applications"
                    yield Violation(said, "name each value in one step")
                taken[key, value] = step
    yield from _unmatched(subject, labels, set(taken))


def _unmatched(subject: KubeObject, labels: Place, taken: set[tuple[str, str]]) -> Iterator[Violation]:
    """Clusters of a list whose label no step asks for: they change first, all at once."""
    keys = {key for key, _ in taken}
    for generator in read(subject)("spec", "generators").each:
        for element in generator("list", "elements").each:
            for key in sorted(keys):
                field = _FIELD.fullmatch(labels(key).text)
                value = _rendered(element(field[1])) if field else labels(key).text
                if value and (key, value) not in taken:
                    yield Violation(f"{element.here} is of no step", "give it the label of a step, or add a step")


def _rendered(place: Place) -> str:
    """What a template makes of a value."""
    return str(place.value).lower() if place.given and not place.text else place.text


@decided
def small_first_wave(subject: KubeObject, settings: Settings) -> Iterator[Finding]:
    """The first step changes `max` clusters at a time."""
    if not _is_rolling(subject):
        return
    first = next(iter(read(subject)(*_STEPS).each), None)
    if first is None:
        return
    most = first("maxUpdate")
    if most.number is None or most.number > settings["max"]:
        value = most.shown if most.given else "absent, which means all"
        said = f"{most.here} is {value}, the limit is {shown(settings['max'])}"
        yield Violation(said, f"set it to {shown(settings['max'])}")


_AUTOMATED = ("spec", "template", "spec", "syncPolicy", "automated")


@decided
def no_own_sync(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Applications that change in waves do not sync by themselves."""
    automated = read(subject)(*_AUTOMATED)
    if _is_rolling(subject) and automated.given and automated("enabled").value is not False:
        yield Violation(f"{automated.here} is set, which RollingSync switches off", "leave it out")


_WAVE = "wave"
_SET = made(
    "argoproj.io/v1alpha1",
    "ApplicationSet",
    "shop",
    {
        "generators": [{"list": {"elements": [{"name": "a", _WAVE: "canary"}, {"name": "b", _WAVE: "production"}]}}],
        "strategy": {
            "type": "RollingSync",
            "rollingSync": {
                "steps": [
                    {"matchExpressions": [{"key": _WAVE, "operator": "In", "values": ["canary"]}], "maxUpdate": 1},
                    {
                        "matchExpressions": [{"key": _WAVE, "operator": "In", "values": ["production"]}],
                        "maxUpdate": "10%",
                    },
                ]
            },
        },
        "template": {
            "metadata": {"name": "shop-{{.name}}", "labels": {_WAVE: "{{.wave}}"}},
            "spec": APPLICATION["spec"],
        },
    },
    "argocd",
)
_S = "spec.strategy.rollingSync.steps"
_BY_FOLDER = {"git": {"repoURL": "https://git.example.com/a", "revision": "HEAD", "directories": [{"path": "*"}]}}

RULES = (
    ObjectRule(
        id="rolls-in-waves",
        code="W1",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Clusters change in waves",
        why="What is wrong on one cluster is wrong on all: a change of all at once has no way back that is in time.",
        source="Argo CD, docs/operator-manual/applicationset/Progressive-Syncs.md",
        fix="Roll by RollingSync, with production's clusters few at a time.",
        kinds=(APP_SET,),
        check=rolls_in_waves,
        parameters=(
            Parameter("max", 10, 1, 100, "largest share of production that changes at a time, in percent"),
            Texts("production", ("prod",), "parts of the values that tell production's step"),
        ),
        passes=(
            (_SET,),
            (put(drop(_SET, "spec.strategy"), "spec.generators", [_BY_FOLDER]),),
        ),
        fails=(
            (drop(_SET, "spec.strategy"),),
            (drop(_SET, f"{_S}[1].maxUpdate"),),
            (put(_SET, f"{_S}[1].maxUpdate", "25%"),),
        ),
    ),
    ObjectRule(
        id="one-step-each",
        code="W2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Each cluster is of one wave",
        why="A cluster of no step changes with the first ones; one of two steps changes twice.",
        source="Argo CD, docs/operator-manual/applicationset/Progressive-Syncs.md",
        fix="Let each label's value stand in exactly one step.",
        kinds=(APP_SET,),
        check=one_step_each,
        passes=((_SET,),),
        fails=(
            (put(_SET, f"{_S}[1].matchExpressions[0].values", ["canary"]),),
            (drop(_SET, "spec.template.metadata.labels"),),
            (put(_SET, "spec.generators[0].list.elements[1].wave", "other"),),
            (put(_SET, f"{_S}[1].matchExpressions", []),),
        ),
    ),
    ObjectRule(
        id="small-first-wave",
        code="W3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The first wave is one cluster",
        why="The first cluster meets every defect that depends on a cluster; it should be the only one that does.",
        source="Argo CD, docs/operator-manual/applicationset/Progressive-Syncs.md",
        fix="Set maxUpdate of the first step to 1.",
        kinds=(APP_SET,),
        check=small_first_wave,
        parameters=(Parameter("max", 1, 1, 100, "most clusters of the first wave that change at a time"),),
        passes=((_SET,),),
        fails=((put(_SET, f"{_S}[0].maxUpdate", 3),), (drop(_SET, f"{_S}[0].maxUpdate"),)),
    ),
    ObjectRule(
        id="no-own-sync",
        code="W4",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="In waves nothing syncs by itself",
        why="RollingSync switches automated sync off without a word; who reads the file believes otherwise.",
        source="Argo CD, docs/operator-manual/applicationset/Progressive-Syncs.md",
        fix="Leave syncPolicy.automated out.",
        kinds=(APP_SET,),
        check=no_own_sync,
        remedy=setting(REMOVED, *_AUTOMATED),
        passes=((_SET,),),
        fails=((put(_SET, "spec.template.spec.syncPolicy", {"automated": {"prune": True}}),),),
    ),
)
