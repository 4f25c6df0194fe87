"""Analysis quality in CEL: what a metric of Argo Rollouts has to say so that its verdict means something."""

from collections.abc import Mapping

from ..expressions import Cel, Said
from ..rollouts import CLUSTER_TEMPLATE, TEMPLATE
from ..steps_in_cel import count, seconds

_KINDS = (TEMPLATE, CLUSTER_TEMPLATE)
_COUNTED = ("cloudWatch", "prometheus", "datadog", "newRelic", "wavefront", "graphite", "influxdb", "skywalking")
_ASKED = _COUNTED[1:]
_RANGE = r"r'\[[0-9]{1,9}(?:ms|s|m|h|d|w)(?::[^\]]*)?\]'"
_UNITS = "{'ms': 0.001, 's': 1.0, 'm': 60.0, 'h': 3600.0, 'd': 86400.0, 'w': 604800.0}"
_AT = "'spec.metrics[' + string(i) + ']"
_INTERVAL = "m.?interval.orValue('')"
_QUERIES = ", ".join(f"m.?provider.?{one}.?query.orValue('')" for one in _ASKED)
_METRICS = {
    "metrics": "object.spec.?metrics.orValue([])",
    "intervals": f"variables.metrics.map(m, {seconds(_INTERVAL)})",
    "tolerated": f"variables.metrics.map(m, {count('m.?failureLimit', '0.0')})",
    # More than anybody tolerates where there is no end, or an argument says it.
    "counts": f"variables.metrics.map(m, has(m.count) ? {count('m.?count', '1e18')} : has(m.interval) ? 1e18 : 1.0)",
    "sampled": "variables.metrics.map(m, " + " || ".join(f"m.?provider.?{one}.hasValue()" for one in _COUNTED) + ")",
    "said": "variables.metrics.map(m, m.?successCondition.orValue('') + ' ' + m.?failureCondition.orValue(''))",
    "errors": f"variables.metrics.map(m, {count('m.?consecutiveErrorLimit', '0.0')})",
    "windows": "variables.metrics.map(m, ([0.0] + m.?provider.?prometheus.?query.orValue('').findAll("
    f"{_RANGE}).map(r, double(r.find('[0-9]+')) * {_UNITS}[r.find('(ms|s|m|h|d|w)')])).max())",
}


def _each(wrong: str, text: str, **more: str) -> Said:
    """One violation for each metric of which something is true."""
    return (
        Cel(
            kinds=_KINDS,
            variables={**_METRICS, **more},
            broken=f"variables.metrics.transformList(i, m, {wrong}, {_AT}{text})",
        ),
    )


CEL: Mapping[str, Said] = {
    "guarded-condition": _each(
        "variables.said[i].contains('result[') && !(['len(', 'default(', 'isNil(', 'any(', 'all('].exists(k, "
        "variables.said[i].contains(k)) && variables.said[i].contains('isNaN('))",
        " has conditions that do not say what an empty answer or NaN means; write them like len(result) == 1 && "
        "!isNaN(result[0]) && result[0] < 0.01'",
    ),
    "count-has-interval": _each(
        "has(m.count) && variables.counts[i] > 1.0 && variables.counts[i] < 1e18 && !has(m.interval)",
        ".count is ' + string(variables.counts[i]) + ' without an interval, which the controller refuses; set its "
        "interval'",
    ),
    "failure-limit": _each(
        "variables.tolerated[i] < 0.0 || variables.tolerated[i] > variables.max || (variables.tolerated[i] > 0.0 && "
        "variables.tolerated[i] >= variables.counts[i])",
        ".failureLimit is ' + string(variables.tolerated[i]) + ', the limit is ' + string(variables.max) + ', and less "
        "than the number of measurements; set it from 0 to ' + string(variables.max) + ', and below count'",
    ),
    "error-limit": _each(
        "variables.sampled[i] && (variables.errors[i] < 0.0 || variables.errors[i] > variables.max) && "
        "(variables.errors[i] < 0.0 || variables.intervals[i] < 0.0 || variables.errors[i] * 10.0 > "
        "variables.tolerated[i] * variables.intervals[i])",
        ".consecutiveErrorLimit is ' + string(variables.errors[i]) + ', the limit is ' + string(variables.max) + "
        "'; set it to ' + string(variables.max) + ' or less, or leave it out'",
    ),
    "asks-about-canary": _each(
        f"[{_QUERIES}].exists(q, q != '' && "
        r"!q.matches(r'(?i)args\.|canary|hash|revision|subset'))",
        " asks for nothing of the new version, so that the old one''s answers hide its own; select by the pods hash, "
        "the subset or the Service of the canary, as an argument'".replace("''", r"\'"),
    ),
    "window-within-interval": _each(
        "variables.intervals[i] >= 0.0 && variables.tolerated[i] == 0.0 && variables.windows[i] > "
        "variables.intervals[i]",
        " looks back ' + string(variables.windows[i]) + ' s every ' + string(variables.intervals[i]) + ' s, and no "
        "failure is tolerated; look back one interval, or tolerate a failure by failureLimit'",
    ),
}
