"""Availability in CEL: what a Rollout itself says about its pods."""

from collections.abc import Mapping

from ..expressions import Cel, Said
from ..rollouts import ROLLOUT
from ..steps_in_cel import CANARY

_C = "spec.strategy.canary"

CEL: Mapping[str, Said] = {
    "pods-per-side": (
        Cel(
            kinds=(ROLLOUT,),
            variables={"pods": f"double({CANARY}.?minPodsPerReplicaSet.orValue(1))"},
            broken=f"{CANARY}.?trafficRouting.hasValue() && variables.pods < variables.min ? "
            f"['{_C}.minPodsPerReplicaSet is ' + string(variables.pods) + ' (1 where absent), and at least ' + "
            "string(variables.min) + ' are asked for; set it to ' + string(variables.min)] : []",
        ),
    ),
    "pods-can-be-replaced": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"string({CANARY}.?maxSurge.orValue('1')) in ['0', '0%'] && "
            f"string({CANARY}.?maxUnavailable.orValue('1')) in ['0', '0%'] ? ['{_C}.maxSurge and maxUnavailable are "
            "both nothing, so that no pod can be replaced; leave maxSurge out, which means 25 %'] : []",
        ),
    ),
}
