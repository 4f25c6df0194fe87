"""The rules for the API server: ValidatingAdmissionPolicies, and what binds them to namespaces.

The third adapter, beside pack.py for Pulumi and documents.py for files: nobody walks around it. Each rule is a policy
(one for each group of kinds that it is said for), each level of a namespace a binding. The level is a label's value:
`warn` tells whoever applies something, `audit` writes it into the audit log as well, `deny` refuses it. A rule that is
only advice never refuses. Source: Kubernetes, docs/reference/access-authn-authz/validating-admission-policy.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .configuration import Configured, Level
from .expressions import Cel, NotInCel, said_of
from .facts import Kind
from .served import SERVED

Manifest = dict[str, Any]

LEVEL_LABEL = "coalmine.dev/admission"
RULE_ANNOTATION = "coalmine.dev/rule"
_API = "admissionregistration.k8s.io/v1"
_OPERATED = ("paused", "restartAt", "suspend")
"""Fields of specs by which people hold a release that goes wrong: changing them alone is never refused."""


class Strictness(StrEnum):
    """What breaking a mandatory rule does in a namespace."""

    WARN = "warn"
    AUDIT = "audit"
    DENY = "deny"


_ACTIONS: Mapping[Level, Mapping[Strictness, tuple[str, ...]]] = {
    Level.MANDATORY: {
        Strictness.WARN: ("Warn",),
        Strictness.AUDIT: ("Warn", "Audit"),
        Strictness.DENY: ("Deny", "Audit"),
    },
    Level.ADVISORY: {
        Strictness.WARN: ("Warn",),
        Strictness.AUDIT: ("Warn", "Audit"),
        Strictness.DENY: ("Warn", "Audit"),
    },
}


@dataclass(frozen=True)
class _Part:
    """What becomes one policy: a rule, its CEL, and kinds of one scope."""

    configured: Configured
    cel: Cel
    kinds: tuple[Kind, ...]
    namespaced: bool
    name: str


def manifests(rules: Iterable[Configured], usual: Strictness) -> list[Manifest]:
    """The policies of the rules that are not disabled, each followed by its bindings.

    usual: the level of a namespace whose label names none, and of what lives in no namespace.
    """
    return [one for part in _parts(rules) for one in (_policy(part), *_bindings(part, usual))]


def _parts(rules: Iterable[Configured]) -> Iterator[_Part]:
    wanted = {one.rule.id: one for one in rules if one.level != Level.DISABLED}
    for rule, said in said_of(one.rule for one in wanted.values()):
        if isinstance(said, NotInCel):
            continue
        groups = [
            (one, kinds, namespaced)
            for one in said
            for namespaced in (True, False)
            if (kinds := tuple(kind for kind in one.kinds if SERVED[kind].namespaced is namespaced))
        ]
        for one, kinds, namespaced in groups:
            name = f"coalmine-{rule.id}" + (f"-{kinds[0].name.lower()}" if len(groups) > 1 else "")
            yield _Part(wanted[rule.id], one, kinds, namespaced, name)


def _policy(part: _Part) -> Manifest:
    rule = part.configured.rule
    variables = {**part.cel.needed(rule, part.configured.settings), "broken": part.cel.broken}
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": part.name, "annotations": {RULE_ANNOTATION: rule.id, "coalmine.dev/why": rule.why}},
        "spec": {
            # Nothing outside of the API server is asked, so that nothing can fail but the rule's own CEL.
            "failurePolicy": "Fail",
            "matchConstraints": {
                "matchPolicy": "Equivalent",
                "resourceRules": [_matched(kind) for kind in part.kinds],
            },
            "matchConditions": [{"name": "changed", "expression": _changed(part.cel)}],
            "variables": [{"name": name, "expression": text} for name, text in variables.items()],
            "validations": [
                {
                    "expression": "size(variables.broken) == 0",
                    "messageExpression": f"'{rule.id}: ' + variables.broken.join(' | ')",
                    "message": f"{rule.id}: {rule.title} is what it has to keep. {rule.fix}",
                }
            ],
        },
    }


def _matched(kind: Kind) -> Manifest:
    served = SERVED[kind]
    return {
        "apiGroups": [kind.group],
        "apiVersions": list(served.versions),
        "operations": ["CREATE", "UPDATE"],
        "resources": [served.plural],
        "scope": "Namespaced" if served.namespaced else "Cluster",
    }


def _changed(cel: Cel) -> str:
    """Whether an update changes what the rule reads: what was there before is never in a controller's way."""
    kept = ", ".join(f"'{one}'" for one in _OPERATED)
    before, after = (
        f"dyn({one}).?spec.orValue({{}}).transformMap(k, v, !(k in [{kept}]), v)" for one in ("oldObject", "object")
    )
    beside = (_beside(path) for path in cel.reads)
    return " || ".join(["request.operation == 'CREATE'", f"{before} != {after}", *beside])


def _beside(path: str) -> str:
    steps = path.replace(".", ".?")
    return f"oldObject.{steps}.orValue({{}}) != object.{steps}.orValue({{}})"


def _bindings(part: _Part, usual: Strictness) -> Iterator[Manifest]:
    actions = _ACTIONS[part.configured.level]
    if not part.namespaced:
        # A selector of namespaces takes whatever lives in none.
        yield _binding(part, str(usual), actions[usual], None)
        return
    by_actions: dict[tuple[str, ...], list[Strictness]] = {}
    for level, found in actions.items():
        by_actions.setdefault(found, []).append(level)
    for found, levels in by_actions.items():
        others = [str(one) for one in Strictness if one not in levels]
        values = {"operator": "NotIn", "values": others} if usual in levels else {"operator": "In", "values": levels}
        yield _binding(part, str(levels[0]), found, {"key": LEVEL_LABEL, **values})


def _binding(part: _Part, level: str, actions: tuple[str, ...], selected: Manifest | None) -> Manifest:
    spec: Manifest = {"policyName": part.name, "validationActions": list(actions)}
    if selected:
        plain = {**selected, "values": [str(one) for one in selected["values"]]}
        spec["matchResources"] = {"matchPolicy": "Equivalent", "namespaceSelector": {"matchExpressions": [plain]}}
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"{part.name}-{level}"},
        "spec": spec,
    }
