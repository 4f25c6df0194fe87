"""What several families say in CEL about the steps of a Rollout and the weights of a Canary, as named variables."""

from collections.abc import Mapping

CANARY = "object.spec.?strategy.?canary"
STEPS = "spec.strategy.canary.steps["

ROLLOUT: Mapping[str, str] = {
    "canary": f"{CANARY}.hasValue()",
    "steps": f"{CANARY}.?steps.orValue([])",
    "whole": f"double({CANARY}.?trafficRouting.?maxTrafficWeight.orValue(100))",
    "unreadable": "variables.whole > 0.0 ? [] : ['spec.strategy.canary.trafficRouting.maxTrafficWeight is ' + "
    "string(variables.whole) + '; set it to a number above 0, or leave it out']",
    "held": "variables.steps.map(s, (has(s.pause) && string(s.pause.?duration.orValue('1')).matches('[1-9]')) || "
    "size(s.?analysis.?templates.orValue([])) > 0 || has(s.experiment))",
    "tried": "variables.steps.exists(i, s, (size(s.?setHeaderRoute.?match.orValue([])) > 0 || "
    "(size(s.?setMirrorRoute.?match.orValue([])) > 0 && s.?setMirrorRoute.?percentage.orValue(1) != 0)) && "
    "variables.held.exists(j, h, j > i && h))",
    "weighted": "variables.steps.transformList(i, s, has(s.setWeight), i)",
    "weights": "variables.steps.filter(s, has(s.setWeight)).map(s, double(s.setWeight))",
}
"""`canary`: whether it is one; `whole`: the weight of all traffic; `held`, by step: whether it holds what is set;
`tried`: whether chosen requests or copies try the version; `weighted`: the numbers of the steps that set `weights`."""

_HUNDRED = ", ".join(str(one) for one in range(1, 101))
_ANALYSIS = "object.spec.?analysis"
FLAGGER: Mapping[str, str] = {
    "iterations": f"double({_ANALYSIS}.?iterations.orValue(0))",
    "step": f"double({_ANALYSIS}.?stepWeight.orValue(0))",
    "highest": f"double({_ANALYSIS}.?maxWeight.orValue(100))",
    "listed": f"{_ANALYSIS}.?stepWeights.orValue([]).map(w, double(w))",
    "lists": f"{_ANALYSIS}.?stepWeights.hasValue()",
    "unreadable": "variables.iterations != 0.0 ? [] : variables.lists ? variables.listed.transformList(i, w, "
    "w <= 0.0 || w > 100.0, 'spec.analysis.stepWeights[' + string(i) + '] is ' + string(w) + "
    "'; set it to a number above 0, at most 100') : variables.step < 0.0 ? ['spec.analysis.stepWeight is ' + "
    "string(variables.step) + '; set it to a number above 0'] : variables.highest <= 0.0 || variables.highest > 100.0 "
    "? ['spec.analysis.maxWeight is ' + string(variables.highest) + '; set it to a number above 0, at most 100'] : []",
    "weights": "variables.iterations != 0.0 ? [] : variables.lists ? variables.listed : variables.step <= 0.0 ? [] : "
    f"[{_HUNDRED}].filter(k, k == 1 || double(k - 1) * variables.step < variables.highest)"
    ".map(k, k > 1 && double(k) * variables.step > 100.0 ? 100.0 : double(k) * variables.step)",
}
"""`weights`: in their order, none where the Canary moves traffic at once; `unreadable`: what keeps them from that."""

_DURATION = r"r'^([0-9]{1,6}(\.[0-9]{1,9})?(ms|s|m|h))+$'"


def seconds(text: str) -> str:
    """An expression for the seconds that a text like `1m30s` is, -1 where it is none."""
    return (
        f"({text}.matches({_DURATION}) && size({text}) <= 20 ? double(duration({text}).getMilliseconds()) / 1000.0 "
        ": -1.0)"
    )


def count(given: str, otherwise: str) -> str:
    """An expression for a number that may be written as a text; `given`: an optional; `otherwise`: where it is none."""
    text = f"string({given}.orValue('')).trim()"
    return f"({text}.matches('^-?[0-9]{{1,18}}$') ? double({text}) : {otherwise})"
