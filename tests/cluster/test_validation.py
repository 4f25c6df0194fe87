"""Samples of rules that only Argo Rollouts' controller applies: it refuses those that ours refuse, and no other."""

from typing import Any

import pytest

from components.manifests.meta import Manifest
from localcluster.api import Api, Object, path_of
from tests.validation.rule import Judge, rules
from tests.validation.samples import SAMPLES, Sample

from .installed_platform import Installed
from .objects import apply_all, object_path, wait_for
from .small_platform import namespace

_REFUSED = "Analysis spec invalid"
_NOT_YET = "not found"
"""What it says of a Rollout whose analyses it has not seen yet."""


def _judged_by(judge: Judge) -> list[Sample]:
    return [sample for sample in SAMPLES if rules()[sample.rule].judge is judge]


def _space(sample: Sample) -> str:
    return f"validation-{SAMPLES.index(sample)}"


@pytest.mark.parametrize("sample", _judged_by(Judge.CONTROLLER), ids=str)
def test_the_controller_refuses_the_same_rollouts(with_platform: Installed, sample: Sample) -> None:
    api, space = with_platform.api, _space(sample)
    placed = [_placed(one, space) for one in sample.rolled().manifests]
    # The Rollout comes last, when all that it refers to is there; it has no pods: it is only read.
    placed.sort(key=lambda one: one["kind"] == "Rollout")
    rollout = {**placed[-1], "spec": {**placed[-1]["spec"], "replicas": 0}}
    try:
        apply_all(api, [namespace(space), *placed[:-1], rollout])
        path = object_path(api, rollout)
        wait_for(
            lambda: _verdict(api.get(path)) is sample.kept,
            f"{sample}: the Rollout is {'accepted' if sample.kept else 'refused'}",
        )
    finally:
        api.delete(path_of("v1/namespaces", name=space))


def _placed(manifest: Manifest, space: str) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": space}}


def _verdict(rollout: Object) -> bool | None:
    """Whether the controller accepts it; None while nothing is said."""
    conditions = {one["type"]: one for one in rollout.get("status", {}).get("conditions", [])}
    invalid = conditions.get("InvalidSpec")
    if invalid:
        return None if _NOT_YET in invalid["message"] else False
    return True if conditions else None


@pytest.mark.parametrize("sample", _judged_by(Judge.RUN), ids=str)
def test_the_controller_refuses_to_measure_the_same_metrics(with_platform: Installed, sample: Sample) -> None:
    api = with_platform.api
    [template] = [one for one in sample.rolled().manifests if one["kind"] == "AnalysisTemplate"]
    run = _run(template["spec"], f"sample-{SAMPLES.index(sample)}")
    path = object_path(api, run)
    try:
        apply_all(api, [run])
        status = wait_for(lambda: _begun(api, path), f"{sample}: the run begins or is refused")
        refused = status["phase"] == "Error" and _REFUSED in status.get("message", "")
        assert refused is not sample.kept, f"{sample}: {status}"
    finally:
        api.delete(path)


def _run(template: Any, name: str) -> Object:
    arguments = [{"name": one["name"], "value": one.get("value", "any")} for one in template["args"]]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"metrics": template["metrics"][:1], "args": arguments},
    }


def _begun(api: Api, path: str) -> Object:
    status: Object = api.get(path).get("status", {})
    return status if status.get("phase") else {}
