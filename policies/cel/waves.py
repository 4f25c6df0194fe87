"""Waves in CEL: how a change reaches many clusters, one group after the other."""

from collections.abc import Mapping

from ..expressions import Cel, Said
from ..gitops_kinds import APP_SET

_MANY = ("clusters", "list", "matrix", "merge", "clusterDecisionResource", "plugin")
_S = "spec.strategy.rollingSync.steps["
_LIMIT = "string(variables.max)"
_FIELD = r"r'^\{\{\s*\.?[A-Za-z0-9_.-]+\s*\}\}$'"
_NAME = "r'[A-Za-z0-9_.-]+'"
_WHOLE = {
    "many": "object.spec.?generators.orValue([]).exists(g, "
    + " || ".join(f"g.?{one}.hasValue()" for one in _MANY)
    + ")",
    "rolling": "object.spec.?strategy.?type.orValue('') == 'RollingSync'",
    "steps": "object.spec.?strategy.?rollingSync.?steps.orValue([])",
    "labels": "object.spec.?template.?metadata.?labels.orValue({})",
    # By step, what it matches: expressions with In, which is meant where nothing is said.
    "matched": "variables.steps.map(s, s.?matchExpressions.orValue([]).filter(e, e.?operator.orValue('') in ['', "
    "'In']))",
    "keys": "variables.matched.map(l, l.map(e, e.?key.orValue('')))",
    "pairs": "variables.matched.map(l, l.map(e, e.?values.orValue([]).map(v, e.?key.orValue('') + '=' + v).join('|')))",
    # No key and no value of a label holds a bar.
    "said": "variables.pairs.map(l, l.join('|').split('|').filter(p, p != ''))",
    "all_said": "variables.pairs.map(l, l.join('|')).join('|').split('|')",
    "waves": "variables.matched.map(l, l.filter(e, size(e.?values.orValue([])) > 0).map(e, e.?key.orValue('')).join("
    "'|')).join('|').split('|').filter(k, k != '')",
    "values": "variables.waves.map(k, variables.labels[?k].orValue(''))",
    # By key, the field of a cluster that its label is filled from; none where it is the same for all.
    "fields": f"variables.values.map(v, v.matches({_FIELD}) ? v.find({_NAME}) : '')",
    "names": "variables.fields.map(f, f.startsWith('.') ? f.substring(1) : f)",
    "shares": "variables.steps.map(s, string(s.?maxUpdate.orValue('')))",
    "production_steps": "variables.matched.map(l, l.exists(e, e.?values.orValue([]).exists(v, "
    "variables.production.exists(w, v.lowerAscii().contains(w)))))",
    "elements": "object.spec.?generators.orValue([]).map(g, dyn(g).?list.?elements.orValue([]))",
}


def _said(broken: str) -> Said:
    return (Cel(kinds=(APP_SET,), variables=_WHOLE, broken=broken),)


def _is_at_most(limit: str) -> str:
    """Whether the i-th step changes one at a time, or a share up to a limit."""
    share = "variables.shares[i]"
    return (
        f"({share}.matches('^-?[0-9]{{1,9}}$') ? int({share}) <= 1 : {share}.matches('^[0-9]{{1,9}}%$') && "
        f"double({share}.substring(0, size({share}) - 1)) <= {limit})"
    )


_GIVEN = "e[variables.names[n]]"
_TEXT = (
    f"(type({_GIVEN}) == string ? string({_GIVEN}) : type({_GIVEN}) == bool || type({_GIVEN}) == int || "
    f"type({_GIVEN}) == double ? string({_GIVEN}) : '?')"
)
_VALUE = (
    f"(variables.names[n] == '' ? variables.values[n] : variables.names[n] in e && {_GIVEN} != null ? {_TEXT} : '')"
)
"""What the n-th label is for a cluster."""

CEL: Mapping[str, Said] = {
    "rolls-in-waves": _said(
        "!variables.many ? [] : !variables.rolling || size(variables.steps) == 0 ? ['spec.strategy is no RollingSync "
        "with steps, so that all clusters change at once; set type: RollingSync, and a step for each wave'] : "
        f"variables.steps.transformList(i, s, variables.production_steps[i] && !{_is_at_most('variables.max')}, "
        f"'{_S}' + string(i) + '].maxUpdate is absent, above ' + {_LIMIT} + ' %, or no share; set it to ' + {_LIMIT} + "
        "'% or to 1')"
    ),
    "one-step-each": _said(
        "!variables.rolling ? [] : variables.steps.transformList(i, s, size(s.?matchExpressions.orValue([])) == 0, "
        f"'{_S}' + string(i) + '] matches every Application; name the label of its wave') + "
        "variables.steps.transformList(i, s, variables.keys[i].exists(k, !(k in variables.labels)), "
        f"'{_S}' + string(i) + '] asks for a label that no Application has, so that it is of no Application; add it to "
        "spec.template.metadata.labels') + variables.steps.transformList(i, s, variables.said[i].exists(p, "
        f"variables.said.exists(j, other, j < i && p in other)), '{_S}' + string(i) + '] matches Applications of an "
        "earlier one; name each value in one step') + variables.elements.transformList(i, l, l.exists(e, "
        f"variables.waves.exists(n, k, !({_VALUE} == '' || k + '=' + {_VALUE} in variables.all_said))), "
        "'a cluster of spec.generators[' + string(i) + '].list is of no step; give it the label of a step, or add a "
        "step')"
    ),
    "small-first-wave": _said(
        "!variables.rolling || size(variables.steps) == 0 ? [] : variables.shares[0].matches('^-?[0-9]{1,9}$') && "
        f"double(variables.shares[0]) <= variables.max ? [] : ['{_S}0].maxUpdate is ' + (variables.shares[0] == '' ? "
        f"'absent, which means all' : 'too much') + ', the limit is ' + {_LIMIT} + '; set it to ' + {_LIMIT}]"
    ),
    "no-own-sync": _said(
        "variables.rolling && object.spec.?template.?spec.?syncPolicy.?automated.hasValue() && "
        "object.spec.?template.?spec.?syncPolicy.?automated.?enabled.orValue(true) ? ['spec.template.spec.syncPolicy."
        "automated is set, which RollingSync switches off; leave it out'] : []"
    ),
}
