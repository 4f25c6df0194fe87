"""Gates and load tests as metrics of an analysis: an address is asked by the web provider, a command runs as a Job.

A gate that waits is an analysis of one question: an error (any answer but 200 to 299, or none) is asked again every ten
seconds, as often as it takes. Source: argo-rollouts v1.9, docs/analysis/{web,job}.md and metricproviders/webmetric.
"""

from collections.abc import Iterator, Sequence

from ...manifests.meta import Manifest, manifest
from ...plan import Plan
from ...spec.hooks import LOAD_TEST, Hook, LoadTest, When
from ...spec.values import INT32

WAITING: Sequence[When] = ("confirm", "increase", "promote")
_OWN_TEMPLATE: Sequence[When] = (*WAITING, "pre")
"""Gates that are asked between the stages, not beside the checks."""


def gate_templates(plan: Plan, tolerated_errors: int) -> Iterator[Manifest]:
    """A template for all gates that are asked at one time."""
    for when in _OWN_TEMPLATE:
        if hooks := _asked(plan, when):
            errors = INT32 if when in WAITING else tolerated_errors
            metrics = [{**_web(plan, hook), "count": 1, "consecutiveErrorLimit": errors} for hook in hooks]
            yield manifest(
                "argoproj.io/v1alpha1", "AnalysisTemplate", _name(plan, when), plan.app, {"spec": {"metrics": metrics}}
            )


def gate(plan: Plan, when: When) -> Iterator[Manifest]:
    """The step that asks the gates of one time; none where there are none."""
    if references := gate_references(plan, when):
        yield {"analysis": {"templates": references}}


def gate_references(plan: Plan, *times: When) -> list[Manifest]:
    """The templates of the gates that are asked at these times."""
    return [{"templateName": _name(plan, when)} for when in times if _asked(plan, when)]


def metrics_beside_checks(plan: Plan, shared: Manifest) -> Iterator[Manifest]:
    """What is asked and run during a stage. `shared`: when, how often, and how much may fail, as for every check."""
    for hook in _asked(plan, "during"):
        yield {**_web(plan, hook), **shared}
    test = plan.app.delivery.load_test
    if test and test.image:
        yield _load(plan, test)


def _asked(plan: Plan, when: When) -> list[Hook]:
    return [hook for hook in plan.app.delivery.gates if hook.when == when]


def _name(plan: Plan, when: When) -> str:
    return f"{plan.name}-{when}"


def _web(plan: Plan, hook: Hook) -> Manifest:
    asked = {"name": plan.name, "namespace": plan.namespace, "gate": hook.name}
    return {
        "name": hook.shown,
        # The status alone decides: any other one than a success is an error of the measurement.
        "successCondition": "true",
        "provider": {
            "web": {
                "method": "POST",
                "url": hook.url,
                "timeoutSeconds": hook.timeout.whole_seconds,
                "jsonBody": asked,
            }
        },
    }


def _load(plan: Plan, test: LoadTest) -> Manifest:
    """One Job for every stage, which may last as long as the shortest of them."""
    context = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    container = {
        "name": LOAD_TEST,
        "image": str(test.image),
        "command": test.command,
        "securityContext": context,
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    shortest = min(stage.hold for stage in plan.stages)
    job = {"backoffLimit": 0, "activeDeadlineSeconds": shortest.whole_seconds, "template": {"spec": pod}}
    return {"name": LOAD_TEST, "count": 1, "provider": {"job": {"spec": job}}}
