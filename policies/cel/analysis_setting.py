"""Analysis quality in CEL: whether what a release measures runs while it matters, and can be measured at all."""

from collections.abc import Mapping

from ..canaries import CANARY as FLAGGER
from ..expressions import Cel, Said
from ..rollouts import ROLLOUT
from ..steps_in_cel import CANARY, STEPS, seconds
from ..steps_in_cel import ROLLOUT as OF_ROLLOUT

_ANALYSIS = "object.spec.?analysis"
_CHECKING = f"{_ANALYSIS}.?webhooks.orValue([]).filter(h, h.?type.orValue('') in ['', 'rollout'])"

CEL: Mapping[str, Said] = {
    "weighted-experiment-on-istio": (
        Cel(
            kinds=(ROLLOUT,),
            variables=OF_ROLLOUT,
            broken=f"!{CANARY}.?trafficRouting.?istio.hasValue() ? [] : variables.steps.transformList(i, s, "
            f"s.?experiment.?templates.orValue([]).exists(t, has(t.weight)), '{STEPS}' + string(i) + '].experiment "
            "sets a weight with Istio, whose weights may not return to what they were; leave the weight out, and "
            "compare by the traffic that the experiment gets anyway')",
        ),
    ),
    "hooks-within-interval": (
        Cel(
            kinds=(FLAGGER,),
            variables={
                "interval": f"{_ANALYSIS}.?interval.orValue('')",
                "every": seconds("variables.interval"),
                "waits": f"{_CHECKING}.map(h, h.?timeout.orValue('10s')).map(t, {seconds('t')})",
                "total": "([0.0] + variables.waits.filter(w, w > 0.0)).sum()",
            },
            broken="variables.every >= 0.0 && variables.total >= variables.every ? ['its hooks may take ' + "
            "string(variables.total) + ' s, and a check comes every ' + string(variables.every) + ' s; shorten their "
            "timeouts (10 s where absent), or raise spec.analysis.interval'] : []",
        ),
    ),
    "requests-to-measure": (
        Cel(
            kinds=(FLAGGER,),
            variables={
                "plain": f"{_ANALYSIS}.?metrics.orValue([]).filter(m, m.?name.orValue('') in ['request-success-rate', "
                "'request-duration'] && !has(m.templateRef) && !has(m.query))",
            },
            broken=f"size(variables.plain) > 0 && size({_CHECKING}) == 0 ? ['a metric of its own fails where nobody "
            "asks, and no hook makes requests; add a hook of type rollout to spec.analysis.webhooks that makes "
            "requests'] : []",
        ),
    ),
}
