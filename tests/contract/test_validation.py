"""What Argo Rollouts refuses, as rules of ours: nothing that is made breaks one, and upstream agrees on samples."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.linter import lint
from tests.validation.rolled import Rolled
from tests.validation.rule import Judge, broken, rules
from tests.validation.samples import SAMPLES, Sample

from .trap_objects import made

_AT_ONCE = 2


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_breaks_the_rule_it_is_about_and_no_other(sample: Sample) -> None:
    assert broken(sample.rolled()) == ([] if sample.kept else [sample.rule])


def test_every_rule_has_samples_of_both_kinds() -> None:
    seen = {(sample.rule, sample.kept) for sample in SAMPLES}
    assert seen == {(name, kept) for name in rules() for kept in (True, False)}


def test_the_engines_linter_refuses_the_same_samples(tmp_path: Path) -> None:
    samples = [one for one in SAMPLES if rules()[one.rule].judge is Judge.LINTER]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        wrong = [said for said in pool.map(lambda one: _disagreement(one, tmp_path), samples) if said]
    assert not wrong, "\n".join(wrong)


def _disagreement(sample: Sample, folder: Path) -> str:
    done = lint(folder / f"{sample}.yaml", sample.rolled().manifests)
    if (done.returncode == 0) == sample.kept:
        return ""
    return f"{sample}: the linter says {done.stdout + done.stderr or 'nothing'}"


def test_nothing_that_is_made_breaks_a_rule() -> None:
    rollouts = [one for one in made() if any(item["kind"] == "Rollout" for item in one.manifests)]
    assert len(rollouts) > len(rules()), "too few Rollouts are made to say anything"
    wrong = {
        f"{one.plan.namespace}/{one.plan.name}": found for one in rollouts if (found := broken(Rolled(one.manifests)))
    }
    assert not wrong
