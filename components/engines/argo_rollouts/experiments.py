"""An experiment as a step: fresh pods of both versions, each with a Service and a share of the requests of its own.

It has no duration: the analysis that is required for its completion ends it. With both, the pods would go when the time
is over while the last check is still awaited, and the router be told of Services without a name (argo-rollouts#4890).

Its Services have names that are not their ReplicaSets': only then does the controller look for them every time. Else it
says a name once, when it makes the Service, and forgets it where it next reads an Experiment that does not say it yet;
then the router sends the users' requests nowhere.
Source: argo-rollouts v1.9, docs/features/experiment.md, rollout/trafficrouting.go, experiments/experiment.go.
"""

from collections.abc import Iterator

from ...manifests.meta import Manifest
from ...plan import Plan, Stage
from ...spec.base import Finding
from ...spec.labels import NAME_LABEL, REVISION_LABEL
from ...spec.strategies import Experiment
from .analysis import experiment_analysis, experiment_services

STEP_LABEL = "step-index"
"""Which step an AnalysisRun belongs to: the controller's own label, which the runs of experiments lack."""
_FEWEST_PODS = 2
_LONGEST_NAME = 41
"""Of an app. A Service's name has 63 characters at most: an experiment's is the app's with a hash and `experiment`."""


def long_names(plan: Plan) -> Iterator[Finding]:
    """Apps whose experiments could get no Service."""
    if len(plan.name) > _LONGEST_NAME:
        for stage in plan.stages:
            if stage.experiment:
                message = f"its Services get names of the app's and more: the app's may have {_LONGEST_NAME} characters"
                yield (*stage.path, "experiment"), f"{message}, and has {len(plan.name)}: leave the experiment out"


def experiment(plan: Plan, stage: Stage, wanted: Experiment, index: int) -> Manifest:
    """The step. `index`: its place among the steps of the Rollout."""
    canary, baseline = f"{plan.revision}-experiment", f"{plan.revision}-baseline"
    of_canary, of_baseline = experiment_services(plan)
    return {
        "templates": [
            _template("baseline", "stable", baseline, of_baseline, plan, wanted),
            _template("canary", "canary", canary, of_canary, plan, wanted),
        ],
        "analyses": [experiment_analysis(plan, stage, canary, baseline)],
        "analysisRunMetadata": {"labels": {NAME_LABEL: plan.name, STEP_LABEL: str(index)}},
    }


def _template(name: str, version: str, revision: str, service: str, plan: Plan, wanted: Experiment) -> Manifest:
    """Pods of a version whose label `version` tells them from those that serve anyway."""
    most = plan.app.autoscaled.max
    return {
        "name": name,
        "specRef": version,
        "replicas": max(_FEWEST_PODS, -(-most * wanted.weight // 100)),
        "weight": wanted.weight,
        "service": {"name": service},
        "metadata": {"labels": {REVISION_LABEL: revision}},
    }
