"""Rollback safety in CEL: the numbers that decide whether there is something to go back to."""

from collections.abc import Mapping

from ..canaries import CANARY as FLAGGER
from ..expressions import Cel, Said
from ..rollouts import ROLLOUT
from ..steps_in_cel import CANARY

_SWITCH = "object.spec.?strategy.?blueGreen"
_C, _B = "spec.strategy.canary", "spec.strategy.blueGreen"
_DEADLINE = (
    "variables.deadline > variables.max || variables.deadline <= 0.0 ? ['spec.progressDeadlineSeconds is ' + "
    "string(variables.deadline) + ' (600 where absent), the limit is ' + string(variables.max) + '; set it to ' + "
    "string(variables.max) + ' or less']"
)
_SECONDS = "double(object.spec.?progressDeadlineSeconds.orValue(600))"
_HISTORY = "double(object.spec.?revisionHistoryLimit.orValue(10))"
_DELAY = "double({place}.?scaleDownDelaySeconds.orValue(30))"
_SHORT = (
    "['{path}.scaleDownDelaySeconds is ' + string({delay}) + ' (30 where absent), and at least ' + "
    "string(variables.min) + ' s are asked for; set it to ' + string(variables.min) + ' or more']"
)


def _too_many(place: str, path: str) -> str:
    limit = f"double({place}.?scaleDownDelayRevisionLimit.orValue(0))"
    return (
        f"({limit} > variables.kept ? ['{path}.scaleDownDelayRevisionLimit is ' + string({limit}) + ', and ' + "
        "string(variables.kept) + ' revisions are kept; set it to that or less'] : [])"
    )


CEL: Mapping[str, Said] = {
    "deadline": (
        Cel(
            kinds=(ROLLOUT,),
            variables={"deadline": _SECONDS, "ready": "double(object.spec.?minReadySeconds.orValue(0))"},
            broken=f"{_DEADLINE} : variables.deadline <= variables.ready ? ['spec.progressDeadlineSeconds is ' + "
            "string(variables.deadline) + ', and a pod is ready after ' + string(variables.ready) + ' s; set it well "
            "above that'] : []",
        ),
        # Its definition knows no minReadySeconds.
        Cel(kinds=(FLAGGER,), variables={"deadline": _SECONDS}, broken=f"{_DEADLINE} : []"),
    ),
    "revisions-kept": (
        Cel(
            kinds=(ROLLOUT,),
            variables={"kept": _HISTORY},
            broken="variables.kept < variables.min ? ['spec.revisionHistoryLimit is ' + string(variables.kept) + "
            "', and at least ' + string(variables.min) + ' are asked for; set it to ' + string(variables.min) + "
            "' or more'] : []",
        ),
    ),
    "old-pods-wait": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                "canary_delay": _DELAY.format(place=CANARY),
                "switch_delay": _DELAY.format(place=_SWITCH),
                "routed": f"{CANARY}.?trafficRouting.hasValue() && !{CANARY}.?dynamicStableScale.orValue(false)",
            },
            broken=f"({_SWITCH}.hasValue() && variables.switch_delay < variables.min ? "
            f"{_SHORT.format(path=_B, delay='variables.switch_delay')} : []) + (variables.routed && "
            f"variables.canary_delay < variables.min ? {_SHORT.format(path=_C, delay='variables.canary_delay')} : [])",
        ),
    ),
    "no-clock-beside-analysis": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"{_SWITCH}.?autoPromotionSeconds.hasValue() && {_SWITCH}.?prePromotionAnalysis.hasValue() ? "
            f"['{_B}.autoPromotionSeconds is set beside a prePromotionAnalysis; leave it out: a passed analysis "
            "promotes'] : []",
        ),
    ),
    "clock-that-counts": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"{_SWITCH}.?autoPromotionSeconds.hasValue() && !{_SWITCH}.?autoPromotionEnabled.orValue(true) ? "
            f"['{_B}.autoPromotionSeconds is ignored, because autoPromotionEnabled is false; leave one of the two "
            "out'] : []",
        ),
    ),
    "stable-stays-whole": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"{CANARY}.?dynamicStableScale.orValue(false) ? ['{_C}.dynamicStableScale is true, so that the old "
            "pods are not there when the release is taken back; leave it out where a way back has to be fast'] : []",
        ),
    ),
    "rollback-window-kept": (
        Cel(
            kinds=(ROLLOUT,),
            variables={
                "kept": _HISTORY,
                "window": "double(object.spec.?rollbackWindow.?revisions.orValue(0))",
            },
            broken="object.spec.?rollbackWindow.?revisions.hasValue() && variables.window > variables.kept ? "
            "['spec.rollbackWindow.revisions is ' + string(variables.window) + ', and ' + string(variables.kept) + "
            "' revisions are kept; raise spec.revisionHistoryLimit, or shorten the window'] : []",
        ),
    ),
    "delayed-revisions-kept": (
        Cel(
            kinds=(ROLLOUT,),
            variables={"kept": _HISTORY},
            broken=f"{_too_many(CANARY, _C)} + {_too_many(_SWITCH, _B)}",
        ),
    ),
    "delay-has-meaning": (
        Cel(
            kinds=(ROLLOUT,),
            broken=f"!{CANARY}.?scaleDownDelaySeconds.hasValue() ? [] : !{CANARY}.?trafficRouting.hasValue() ? "
            f"['{_C}.scaleDownDelaySeconds is set without a router, which the controller refuses; leave it out'] : "
            f"{CANARY}.?dynamicStableScale.orValue(false) ? ['{_C}.scaleDownDelaySeconds is set with "
            "dynamicStableScale, which the controller refuses; leave one of the two out'] : []",
        ),
    ),
}
