"""`coalmine check` and the pack on the real engine say the same about the same objects."""

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cli.review.events import Outcome, outcome
from policies.registry import discover
from policies.rule import StackRule
from tests.coalmine import coalmine

from .project import ObjectsProject
from .support import exempted, rollout
from .test_on_engine import BAD, GOOD

TODAY = datetime.now(UTC).date()
SOON, GONE = ((TODAY + timedelta(days=days)).isoformat() for days in (10, -10))
GIVEN = {"owner": "shop", "reason": "it is tried"}
CONFIG = {
    "all": "advisory",
    "first-step-weight": {"enforcementLevel": "mandatory", "max": 4},
    "weight-held": "disabled",
    "minimum-replicas": {"min": 4},
    "exemptions": {
        "enforcementLevel": "mandatory",
        "entries": [
            {"rule": "weight-jump", "objects": ["Rollout case-2/*"], **GIVEN, "until": SOON},
            {"rule": "minimum-replicas", "objects": ["Rollout case-8/checkout"], **GIVEN, "until": GONE},
        ],
    },
}


def _everything() -> Iterator[dict[str, Any]]:
    """One broken stack for each rule and a good one, each in a namespace of its own; one stack names none."""
    for number, objects in enumerate([GOOD, *(objects for objects, _ in BAD.values())]):
        for one in objects:
            made = copy.deepcopy(one)
            made["metadata"] |= {"namespace": f"case-{number}"}
            if number == 1:
                del made["metadata"]["namespace"]
            yield made
    yield rollout({"setWeight": 20})
    for number, (rule, until) in enumerate(
        [("first-step-weight", SOON), ("first-step-weight", GONE), ("minimum-replicas", SOON), ("first-step", SOON)]
    ):
        waived = exempted(rollout({"setWeight": 30}), rule, until)
        waived["metadata"]["namespace"] = f"waived-{number}"
        yield waived
    target = {"scaleTargetRef": {"kind": "Rollout", "name": "checkout"}, "minReplicas": 1}
    metadata = {"name": "checkout", "namespace": "case-0"}
    yield {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": target}
    yield {"apiVersion": "example.com/v1", "kind": "Other", "metadata": metadata, "spec": {}}


def _checked(folder: Path, objects: list[dict[str, Any]], config: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
    (folder / "objects.yaml").write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    done = coalmine("check", folder / "objects.yaml", "--config", folder / "config.json", "--json")
    return done.returncode, json.loads(done.stdout)


def _said(engine: Outcome) -> list[tuple[str, str, str]]:
    return sorted((one.rule, one.level, one.message) for one in engine.refusals)


@pytest.mark.parametrize("config", [{}, CONFIG], ids=["defaults", "configured"])
def test_the_verdict_is_that_of_the_pack(project: ObjectsProject, tmp_path: Path, config: dict[str, Any]) -> None:
    objects = list(_everything())
    answer = project.judge(*objects, config=config)
    engine = outcome(project.events.read_text(encoding="utf-8"))
    code, checked = _checked(tmp_path, objects, config)
    found = [(one["rule"], one["level"], one["message"]) for one in checked["violations"]]
    about_stacks = {rule.id for rule in discover().values() if isinstance(rule, StackRule)}
    notes = ["exempted-in-stack" if one["rule"] in about_stacks else "exempted" for one in checked["exempted"]]
    found += [(note, "advisory", one["message"]) for note, one in zip(notes, checked["exempted"], strict=True)]
    assert sorted(found) == _said(engine), answer.text
    assert (set(notes), len(notes) >= 2) == ({"exempted", "exempted-in-stack"}, True)
    assert sum(one["rule"] == "exemptions" for one in checked["violations"]) == 1
    assert any(one["message"].endswith(f"; the exemption by shop ended on {GONE}") for one in checked["violations"])
    assert len({rule for rule, _, _ in found}) >= 6, "too little is broken to prove anything"
    judged = engine.judged
    assert checked["judged"] == {
        "rules": judged.rules,
        "objects": judged.objects,
        "evaluations": judged.evaluations,
    }
    assert (code, checked["passed"]) == (1, False)
    assert answer.code != 0, answer.text


def test_both_pass_what_is_good(project: ObjectsProject, tmp_path: Path) -> None:
    answer = project.judge(*GOOD)
    engine = outcome(project.events.read_text(encoding="utf-8"))
    code, checked = _checked(tmp_path, list(GOOD), {})
    assert (answer.code, code, checked["violations"]) == (0, 0, [])
    assert checked["judged"]["evaluations"] == engine.judged.evaluations > 50
