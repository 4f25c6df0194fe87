"""Canary shape in CEL: what the steps of a release have to say together."""

from collections.abc import Mapping

from ..canaries import CANARY
from ..expressions import Cel, Said
from ..facts import OWNER_LABEL, Kind
from ..rollouts import KINDS_OF_STEPS, ROLLOUT
from ..steps_in_cel import FLAGGER as OF_CANARY
from ..steps_in_cel import ROLLOUT as OF_ROLLOUT
from ..steps_in_cel import STEPS

_ANALYSIS = "object.spec.?analysis"
_FEW = (
    "size(variables.unreadable) > 0 ? variables.unreadable : size(variables.different) > 0 && "
    "double(size(variables.different)) < variables.min ? ['traffic is moved in ' + string(size(variables.different)) + "
    "' weights below everything, the limit is ' + string(variables.min) + '; put further weights between the first one "
    "and everyone'] : []"
)
_FIRST_OF_EACH = "{0}.transformList(i, w, {0}.indexOf(w) == i, w)"
_ENDLESS = "!{0}.?duration.hasValue() && !{0}.?analyses.orValue([]).exists(a, a.?requiredForCompletion.orValue(false))"
_NO_END = (
    "' has neither a duration nor an analysis that is required for its completion; set its duration, or "
    "requiredForCompletion on one of its analyses'"
)
_MINUTES_OR_SECONDS = "'^[0-9]{1,15}[ms]$'"
_NOT_PLAIN = "' is not a number with m or s, which Flagger takes for 60 s without a word; write it like 1m or 30s'"

CEL: Mapping[str, Said] = {
    "enough-weights": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                **OF_ROLLOUT,
                "between": "variables.weights.filter(w, w > 0.0 && w < variables.whole)",
                "different": _FIRST_OF_EACH.format("variables.between"),
            },
            broken=_FEW,
        ),
        Cel(
            kinds=(CANARY,),
            variables={
                **OF_CANARY,
                "between": "variables.weights.filter(w, w < 100.0)",
                "different": _FIRST_OF_EACH.format("variables.between"),
            },
            broken=_FEW,
        ),
    ),
    "pause-ends": (
        Cel(
            kinds=(ROLLOUT,),
            reads=("metadata.labels", "metadata.annotations"),
            variables={
                **OF_ROLLOUT,
                "told": "object.metadata.?annotations.orValue({}).exists(k, k.contains('subscribe.on-rollout-paused."
                f"')) && object.metadata.?labels[?'{OWNER_LABEL}'].orValue('') != ''",
            },
            broken="variables.told ? [] : variables.steps.transformList(i, s, has(s.pause) && "
            f"!has(s.pause.duration), '{STEPS}' + string(i) + '].pause has no duration, and nobody is named who ends "
            "it or told that it waits; set a duration, or label the Rollout with its owner and subscribe a channel to "
            "it')",
        ),
    ),
    "highest-weight": (
        Cel(
            kinds=(CANARY,),
            variables=OF_CANARY,
            broken=f"{_ANALYSIS}.?stepWeight.hasValue() && !variables.lists && variables.iterations == 0.0 && "
            "variables.highest > variables.max ? ['spec.analysis.maxWeight is ' + string(variables.highest) + ' (100 "
            "where absent), the limit is ' + string(variables.max) + '; set it to ' + string(variables.max)] : []",
        ),
    ),
    "one-kind-per-step": (
        Cel(
            kinds=(ROLLOUT,),
            variables=OF_ROLLOUT,
            broken=f"variables.steps.transformList(i, s, "
            f"[{', '.join(f'has(s.{one})' for one in KINDS_OF_STEPS)}].filter(k, k).size() > 1, '{STEPS}' + "
            "string(i) + '] holds several kinds of steps, of which one is done; make a step of its own of each')",
        ),
    ),
    "pods-follow-weight": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                **OF_ROLLOUT,
                "replicas": "double(object.spec.?replicas.orValue(0))",
                "scaled": "variables.steps.transformList(i, s, has(s.setCanaryScale), i)",
                # More than any weight where the pods follow it, or nothing tells.
                "fixed": "variables.steps.map(s, s.?setCanaryScale.?matchTrafficWeight.orValue(false) ? 1e9 : "
                "s.?setCanaryScale.?weight.hasValue() ? double(s.setCanaryScale.weight) : "
                "s.?setCanaryScale.?replicas.hasValue() && variables.replicas != 0.0 ? "
                "double(s.setCanaryScale.replicas) * 100.0 / variables.replicas : 1e9)",
                "before": "variables.steps.transformList(i, s, variables.scaled.filter(j, j <= i))",
            },
            broken="variables.steps.transformList(i, s, has(s.setWeight) && size(variables.before[i]) > 0 && "
            "double(s.setWeight) > variables.fixed[variables.before[i][size(variables.before[i]) - 1]], "
            f"'{STEPS}' + string(i) + '].setWeight is ' + string(s.setWeight) + ', while the pods stay at ' + "
            "string(variables.fixed[variables.before[i][size(variables.before[i]) - 1]]) + ' %; put a setCanaryScale "
            "with matchTrafficWeight: true before it')",
        ),
    ),
    "experiment-ends": (
        Cel(
            kinds=(ROLLOUT,),
            variables=OF_ROLLOUT,
            broken=f"variables.steps.transformList(i, s, has(s.experiment) && {_ENDLESS.format('s.experiment')}, "
            f"'{STEPS}' + string(i) + '].experiment' + {_NO_END})",
        ),
        Cel(
            kinds=(Kind("argoproj.io", "Experiment"),),
            broken=f"{_ENDLESS.format('object.spec')} ? ['spec' + {_NO_END}] : []",
        ),
    ),
    "step-divides-highest-weight": (
        Cel(
            kinds=(CANARY,),
            variables={**OF_CANARY, "parts": "variables.highest / variables.step"},
            broken=f"{_ANALYSIS}.?stepWeight.hasValue() && !variables.lists && (variables.step <= 0.0 || "
            "variables.parts != double(int(variables.parts))) ? ['spec.analysis.stepWeight is ' + "
            "string(variables.step) + ', which does not divide ' + string(variables.highest) + ', the highest weight; "
            "set it to a whole part of spec.analysis.maxWeight, or list the weights in stepWeights'] : []",
        ),
    ),
    "plain-interval": (
        Cel(
            kinds=(CANARY,),
            variables={
                "interval": f"{_ANALYSIS}.?interval.orValue('')",
                "seconds": f"variables.interval.matches({_MINUTES_OR_SECONDS}) ? double(variables.interval.substring("
                "0, size(variables.interval) - 1)) * (variables.interval.endsWith('m') ? 60.0 : 1.0) : -1.0",
            },
            broken=f"(!{_ANALYSIS}.?interval.hasValue() ? [] : variables.seconds < 0.0 ? ['spec.analysis.interval' + "
            f"{_NOT_PLAIN}] : variables.seconds < variables.min ? ['spec.analysis.interval is ' + "
            "string(variables.seconds) + ' s, which Flagger takes for ' + string(variables.min) + ' s; set it to ' + "
            f"string(variables.min) + 's or more'] : []) + {_ANALYSIS}.?metrics.orValue([]).transformList(i, m, "
            f"has(m.interval) && !m.interval.matches({_MINUTES_OR_SECONDS}), 'spec.analysis.metrics[' + string(i) + "
            f"'].interval' + {_NOT_PLAIN})",
        ),
    ),
    "traefik-promotes-at-once": (
        Cel(
            kinds=(CANARY,),
            variables={"promotion": f"double({_ANALYSIS}.?stepWeightPromotion.orValue(0))"},
            broken="object.spec.?provider.orValue('') == 'traefik' && variables.promotion != 0.0 ? "
            "['spec.analysis.stepWeightPromotion is ' + string(variables.promotion) + ' with Traefik, which never "
            "ends; leave it out'] : []",
        ),
    ),
}
