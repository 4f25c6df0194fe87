"""Objects that somebody made to be in the way: huge, deep, made of aliases. Never a traceback, never a silent pass."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from policies.configuration import configured
from policies.documents import Manifest, Verdict, judge, manifests
from policies.examples import A_CANARY, A_ROLLOUT, ROLLOUT, TEMPLATE, put
from policies.facts import KubeObject
from policies.registry import discover
from tests.coalmine import coalmine

MANY = 5_000
STEPS = [{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "shop"}]}}, {"pause": {"duration": "1s"}}]
LONG = "sum(rate(requests_total[1m])) + " * 160_000


def _judged(*bodies: Any) -> tuple[Verdict, float]:
    found = [one for body in bodies for one in manifests(body)]
    subjects = [one.subject for one in found if isinstance(one, Manifest)]
    begun = time.process_time()
    return judge(subjects, configured(discover().values(), {})), time.process_time() - begun


@pytest.mark.parametrize(
    ("bodies", "refusing"),
    [
        pytest.param(
            (put(ROLLOUT, "spec.strategy.canary.steps", STEPS * MANY), TEMPLATE), "weights-rise", id="very many steps"
        ),
        pytest.param(
            (ROLLOUT, put(TEMPLATE, "spec.metrics", TEMPLATE["spec"]["metrics"] * MANY)),
            "services-of-release",
            id="very many metrics",
        ),
        pytest.param(
            (ROLLOUT, put(TEMPLATE, "spec.metrics[0].provider.prometheus.query", LONG)),
            "services-of-release",
            id="a query of 5 MB",
        ),
        pytest.param(
            (put(ROLLOUT, "spec.template.spec.containers", ROLLOUT["spec"]["template"]["spec"]["containers"] * MANY),),
            "services-of-release",
            id="very many containers",
        ),
        pytest.param(
            (put(ROLLOUT, "spec.strategy.canary.steps[0].setWeight", 10**5000),),
            "first-step-weight",
            id="a number of 5,000 digits",
        ),
    ],
)
def test_a_huge_object_is_judged_in_seconds(bodies: tuple[Any, ...], refusing: str) -> None:
    verdict, seconds = _judged(*bodies)
    assert refusing in {one.rule.rule.id for one in verdict.breaches}
    assert seconds < 20, f"{seconds:.0f} s of one processor"


def _nested(levels: int) -> str:
    return "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: " + "{a: " * levels + "1" + "}" * levels + "\n"


def _aliases() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(_nested(5_000), id="deep"),
        pytest.param(_aliases(), id="aliases that make gigabytes"),
        pytest.param("a: &a {b: *a}\n", id="an alias of itself"),
        pytest.param("[" * 100_000, id="brackets"),
        pytest.param("kind: !!python/object/apply:os.system [true]\n", id="a tag that runs something"),
        pytest.param("\x00\x01", id="no text"),
    ],
)
def test_a_file_that_is_a_trap_is_refused_in_words(tmp_path: Path, text: str) -> None:
    file = tmp_path / "trap.yaml"
    file.write_text(text, encoding="utf-8")
    done = coalmine("check", file, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert json.loads(done.stdout)["problems"]


def test_aliases_are_what_they_stand_for(tmp_path: Path) -> None:
    shared = ROLLOUT["spec"]["template"]["spec"]["securityContext"]
    body = put(ROLLOUT, "spec.template.spec.securityContext", {**shared, "runAsNonRoot": False})
    text = yaml.safe_dump(body).replace("  replicas: 4", "  replicas: &few 2\n  minReadySeconds: *few")
    text = text.replace("  minReadySeconds: 10\n", "", 1)
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    rules = {one["rule"] for one in json.loads(coalmine("check", tmp_path, "--json").stdout)["violations"]}
    assert {"minimum-replicas", "ready-for-a-while", "restricted-pods"} <= rules


def test_kinds_that_no_rule_knows_are_left_alone_and_counted() -> None:
    release = [one.body if isinstance(one, KubeObject) else one for one in (*A_ROLLOUT, *A_CANARY)]
    strange = [{"apiVersion": "example.com/v9", "kind": kind, "spec": 7} for kind in ("Rollout", "Canary", "Ünïcode")]
    alone, _ = _judged(*release)
    beside, _ = _judged(*release, *strange)
    assert (beside.evaluations, beside.given, beside.breaches) == (alone.evaluations, alone.given + 3, alone.breaches)
