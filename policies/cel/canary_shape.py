"""Canary shape in CEL."""

from collections.abc import Mapping

from ..canaries import CANARY
from ..expressions import Cel, Said
from ..rollouts import ROLLOUT
from ..steps_in_cel import FLAGGER as OF_CANARY
from ..steps_in_cel import ROLLOUT as OF_ROLLOUT
from ..steps_in_cel import STEPS

_JUMPS = (
    "size(variables.unreadable) > 0 ? variables.unreadable : variables.shares.transformList(i, w, i > 0 && "
    "variables.shares[i - 1] > 0.0 && w - variables.shares[i - 1] > (w >= 100.0 ? variables.max_last : variables.max), "
    "'the weight jumps from ' + string(variables.shares[i - 1]) + ' % to ' + string(w) + ' %, the limit is ' + "
    "string(w >= 100.0 ? variables.max_last : variables.max) + ' points; set a weight between them')"
)
_TOO_HIGH = (
    "'the first weight is ' + string({share}) + ' %, the limit is ' + string(variables.max) + ' %; begin with a "
    "weight of ' + string(variables.max) + ' % or less'"
)

CEL: Mapping[str, Said] = {
    "first-step-weight": (
        Cel(
            kinds=(ROLLOUT,),
            variables={**OF_ROLLOUT, "moved": "variables.weights.filter(w, w != 0.0)"},
            broken="!variables.canary ? [] : size(variables.unreadable) > 0 ? variables.unreadable : "
            "size(variables.moved) == 0 ? (variables.tried ? [] : ['no step sets a weight, so all traffic moves at "
            "once; begin spec.strategy.canary.steps with a setWeight of ' + string(variables.max) + ' % or less']) : "
            "variables.moved[0] < 0.0 ? ['a setWeight is ' + string(variables.moved[0]) + '; set it to a number from 0 "
            "to ' + string(variables.max)] : variables.moved[0] * 100.0 > variables.max * variables.whole ? "
            f"[{_TOO_HIGH.format(share='variables.moved[0] * 100.0 / variables.whole')}] : []",
        ),
        Cel(
            kinds=(CANARY,),
            variables=OF_CANARY,
            broken="size(variables.unreadable) > 0 ? variables.unreadable : size(variables.weights) > 0 ? "
            f"(variables.weights[0] > variables.max ? [{_TOO_HIGH.format(share='variables.weights[0]')}] : []) : "
            "variables.iterations != 0.0 ? [] : ['it names neither weights nor iterations, so that Flagger begins no "
            "release; begin spec.analysis.stepWeights with ' + string(variables.max) + ' or less']",
        ),
    ),
    "weight-jump": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                **OF_ROLLOUT,
                "shares": "variables.weights.map(w, w * 100.0 / variables.whole) + [100.0]",
            },
            broken=f"!variables.canary ? [] : {_JUMPS} + variables.steps.transformList(i, s, s.?setWeight.orValue(0) "
            f"< 0, '{STEPS}' + string(i) + '].setWeight is ' + string(s.setWeight) + '; set it to a number, 0 or "
            "more')",
        ),
        Cel(
            kinds=(CANARY,),
            variables={**OF_CANARY, "shares": "variables.weights + [100.0]"},
            broken=_JUMPS,
        ),
    ),
    "weights-rise": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                **OF_ROLLOUT,
                "given": "variables.steps.filter(s, s.?setWeight.orValue(-1) >= 0).map(s, s.setWeight)",
            },
            broken="variables.given.transformList(i, w, i > 0 && w <= variables.given[i - 1], 'a setWeight is ' + "
            "string(w) + ' after ' + string(variables.given[i - 1]) + '; set it above that, or leave it out')",
        ),
        Cel(
            kinds=(CANARY,),
            variables=OF_CANARY,
            broken="size(variables.unreadable) > 0 ? variables.unreadable : variables.weights.transformList(i, w, "
            "i > 0 && w <= variables.weights[i - 1], 'spec.analysis.stepWeights[' + string(i) + '] is ' + string(w) + "
            "' after ' + string(variables.weights[i - 1]) + '; set it above that, or leave it out')",
        ),
    ),
    "weight-held": (
        Cel(
            kinds=(ROLLOUT,),
            variables={**OF_ROLLOUT, "holds": "variables.held.transformList(i, h, h, i)"},
            broken="!variables.canary ? [] : size(variables.unreadable) > 0 ? variables.unreadable : "
            "variables.weighted.transformList(r, i, variables.weights[r] != 0.0 && variables.weights[r] < "
            "variables.whole && !variables.holds.exists(h, h > i && (r + 1 == size(variables.weighted) || h <= "
            f"variables.weighted[r + 1])), '{STEPS}' + string(i) + '].setWeight (' + string(variables.weights[r]) + "
            "') is left at once; put a pause with a duration, or better an analysis, right after it')",
        ),
    ),
}
