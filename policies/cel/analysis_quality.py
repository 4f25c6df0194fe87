"""Analysis quality in CEL: whether the measurements that guard a release can tell good from bad."""

from collections.abc import Mapping

from ..canaries import CANARY as FLAGGER
from ..expressions import Cel, Said
from ..rollouts import CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE
from ..steps_in_cel import CANARY
from ..steps_in_cel import FLAGGER as OF_CANARY
from ..steps_in_cel import ROLLOUT as OF_ROLLOUT

_SWITCH = "object.spec.?strategy.?blueGreen"
_B = "spec.strategy.blueGreen"
_ANALYSIS = "object.spec.?analysis"
_LATE = (
    "'the first analysis starts ' + ({0} >= 100.0 ? 'only when all traffic has moved, or never' : 'at a weight of ' + "
    "string({0}) + ' %') + '; it has to start below ' + string(variables.below) + ' %; "
)
_JUDGED = (
    f"!variables.canary ? (!{_SWITCH}.hasValue() || size({_SWITCH}.?prePromotionAnalysis.?templates.orValue([])) > 0 ? "
    f"[] : size({_SWITCH}.?postPromotionAnalysis.?templates.orValue([])) > 0 ? (variables.old < variables.stay ? ['it "
    f"is analysed only after the switch, and the old pods go after ' + string(variables.old) + ' s; set {_B}."
    "scaleDownDelaySeconds above the length of the analysis, to ' + string(variables.stay) + ' or more'] : []) : "
    f"['all traffic moves, and no analysis starts before or after that; give it a {_B}.prePromotionAnalysis with "
    "templates, or a postPromotionAnalysis that can take it back'])"
)

CEL: Mapping[str, Said] = {
    "analysis-start": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                **OF_ROLLOUT,
                "old": f"double({_SWITCH}.?scaleDownDelaySeconds.orValue(30))",
                "behind": f"size({CANARY}.?analysis.?templates.orValue([])) > 0",
                "start": f"{CANARY}.?analysis.?startingStep.orValue(0)",
                "begun": "variables.steps.transformList(i, s, variables.behind && i >= variables.start || "
                "size(s.?analysis.?templates.orValue([])) > 0 || size(s.?experiment.?analyses.orValue([])) > 0, i)",
                "reached": "size(variables.begun) == 0 ? 100.0 : ([0.0] + variables.steps.transformList(i, s, "
                "i < variables.begun[0], double(s.?setWeight.orValue(0)) * 100.0 / variables.whole)).max()",
            },
            broken=f"{_JUDGED} : size(variables.unreadable) > 0 ? variables.unreadable : variables.reached >= "
            f"variables.below ? [{_LATE.format('variables.reached')}put an analysis right after the first weight in "
            "spec.strategy.canary.steps'] : []",
        ),
        Cel(
            kinds=(FLAGGER,),
            variables={
                **OF_CANARY,
                "measured": f"size({_ANALYSIS}.?metrics.orValue([])) > 0 || {_ANALYSIS}.?webhooks.orValue([]).exists("
                "h, h.?type.orValue('') in ['', 'rollout'])",
                "reached": "!variables.measured ? 100.0 : size(variables.weights) > 0 ? variables.weights[0] : 0.0",
            },
            broken="size(variables.unreadable) > 0 ? variables.unreadable : variables.reached >= variables.below ? "
            f"[{_LATE.format('variables.reached')}begin with a lower weight, and name what is measured in "
            "spec.analysis.metrics'] : []",
        ),
    ),
    "metric-condition": (
        Cel(
            kinds=(TEMPLATE, CLUSTER_TEMPLATE),
            broken="object.spec.?metrics.orValue([]).transformList(i, m, m.?successCondition.orValue('').trim() == '' "
            "&& m.?failureCondition.orValue('').trim() == '' && !m.?provider.?job.hasValue() && "
            "!m.?provider.?kayenta.hasValue(), 'spec.metrics[' + string(i) + '] has neither a successCondition nor a "
            "failureCondition, so every measurement is a success; give it a successCondition that is true only for a "
            "good release')",
        ),
        Cel(
            kinds=(FLAGGER,),
            broken=f"{_ANALYSIS}.?metrics.orValue([]).transformList(i, m, !has(m.threshold) && "
            "!m.?thresholdRange.?min.hasValue() && !m.?thresholdRange.?max.hasValue(), 'spec.analysis.metrics[' + "
            "string(i) + '] has no threshold; give it a thresholdRange with a bound, in which a release is good')",
        ),
    ),
    "analysis-not-skipped": (
        Cel(
            kinds=(FLAGGER,),
            broken="object.spec.?skipAnalysis.orValue(false) ? ['spec.skipAnalysis is set, so every release is "
            "promoted without any check; leave it out, or set it to false'] : []",
        ),
    ),
}
