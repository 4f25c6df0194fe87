"""The rules for the API server: ValidatingAdmissionPolicies, and what binds them to namespaces.

The third adapter, beside pack.py for Pulumi and documents.py for files: nobody walks around it. The mandatory rules of
a kind are one policy, its advice another; each level of a namespace is a binding. The level is a label's value: `warn`
tells whoever applies something, `audit` writes it into the audit log as well, `deny` refuses it. A rule that is only
advice never refuses. Source: Kubernetes, docs/reference/access-authn-authz/validating-admission-policy.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .configuration import Configured, Level
from .expressions import Cel, NotInCel, renamed, said_of
from .facts import Kind
from .rule import Severity
from .served import SERVED

Manifest = dict[str, Any]

LEVEL_LABEL = "coalmine.dev/admission"
_API = "admissionregistration.k8s.io/v1"
_LONGEST = 1800
"""Characters of a message: above 4096 in all, the API server cuts each warning down to 256."""
_OWN = ("spec_changed", "violations", "message")
"""Variables of a policy itself."""
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
class _Policy:
    """What becomes one policy: the rules of one level about a kind."""

    kind: Kind
    level: Level
    rules: tuple[tuple[Configured, Cel], ...]

    @property
    def name(self) -> str:
        """E.g. `coalmine-rollout`, and `coalmine-rollout-advice`."""
        return f"coalmine-{self.kind.name.lower()}" + ("" if self.level == Level.MANDATORY else "-advice")

    @property
    def reads(self) -> tuple[str, ...]:
        """What any of its rules looks at beside `spec`."""
        return tuple(sorted({path for _, cel in self.rules for path in cel.reads}))


def manifests(rules: Iterable[Configured], usual: Strictness) -> list[Manifest]:
    """The policies of the rules that are not disabled, each followed by its bindings.

    usual: the level of a namespace whose label names none, and of what lives in no namespace.
    """
    return [one for policy in _policies(rules) for one in (_policy(policy), *_bindings(policy, usual))]


def _policies(rules: Iterable[Configured]) -> Iterator[_Policy]:
    wanted = {one.rule.id: one for one in rules if one.level != Level.DISABLED}
    found: dict[tuple[Kind, Level], list[tuple[Configured, Cel]]] = {}
    for rule, said in said_of(one.rule for one in wanted.values()):
        for cel in () if isinstance(said, NotInCel) else said:
            for kind in cel.kinds:
                found.setdefault((kind, wanted[rule.id].level), []).append((wanted[rule.id], cel))
    for (kind, level), members in sorted(found.items(), key=lambda one: (one[0][0].group, one[0][0].name, one[0][1])):
        yield _Policy(kind, level, tuple(members))


def _policy(policy: _Policy) -> Manifest:
    variables = dict[str, str]()
    if policy.reads:
        variables["spec_changed"] = f"request.operation == 'CREATE' || {_spec_changed()}"
    # What is worst is said first, for a message has an end.
    ranked = sorted(policy.rules, key=lambda one: list(Severity).index(one[0].rule.severity), reverse=True)
    found = [_first(one, cel, _add(variables, one, cel), bool(policy.reads)) for one, cel in ranked]
    variables |= {"violations": " + ".join(found), "message": "variables.violations.join(' | ')"}
    changed = " || ".join(["request.operation == 'CREATE'", _spec_changed(), *(_beside(path) for path in policy.reads)])
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": policy.name},
        "spec": {
            # Nothing outside of the API server is asked, so that nothing can fail but the rules' own CEL.
            "failurePolicy": "Fail",
            "matchConstraints": {"matchPolicy": "Equivalent", "resourceRules": [_matched(policy.kind)]},
            # What was there before is never in a controller's way.
            "matchConditions": [{"name": "changed", "expression": changed}],
            "variables": [{"name": name, "expression": text} for name, text in variables.items()],
            # One for all rules: of several a refusal would show the first, and each is checked with all variables.
            "validations": [
                {
                    "expression": "size(variables.violations) == 0",
                    "messageExpression": f"size(variables.message) <= {_LONGEST} ? variables.message : "
                    f"variables.message.substring(0, {_LONGEST}) + '...'",
                    "message": "it breaks rules of the policy pack",
                }
            ],
        },
    }


def _first(one: Configured, cel: Cel, broken: str, guarded: bool) -> str:
    """A list of the first violation of a rule, and of how many there are more.

    guarded: whether the policy is asked about changes too that are not about this rule.
    """
    more = f"(size({broken}) > 1 ? ' (and ' + string(size({broken}) - 1) + ' more)' : '')"
    none = f"size({broken}) == 0"
    if guarded:
        asked = " || ".join(["variables.spec_changed", *map(_beside, cel.reads)])
        none = f"!({asked}) || {none}"
    return f"({none} ? [] : ['{one.rule.id}: ' + {broken}[0] + {more}])"


def _add(variables: dict[str, str], one: Configured, cel: Cel) -> str:
    """Adds a rule's variables to those of its policy, and gives the one that holds what is broken.

    Rules share a variable that is the same for both; another one of the same name is called by its rule as well.
    """
    rule = one.rule.id.replace("-", "_")
    limits = {limit.name for limit in one.rule.parameters}
    names: dict[str, str] = {}
    for name, text in cel.needed(one.rule, one.settings).items():
        text = renamed(text, names)
        is_shared = name not in {*limits, *_OWN} and variables.get(name, text) == text
        names[name] = name if is_shared else f"{rule}_{name}"
        variables[names[name]] = text
    variables[f"broken_{rule}"] = renamed(cel.broken, names)
    return f"variables.broken_{rule}"


def _matched(kind: Kind) -> Manifest:
    served = SERVED[kind]
    return {
        "apiGroups": [kind.group],
        "apiVersions": list(served.versions),
        "operations": ["CREATE", "UPDATE"],
        "resources": [served.plural],
        "scope": "Namespaced" if served.namespaced else "Cluster",
    }


def _spec_changed() -> str:
    """Whether an update changes more of a spec than people do who hold a release."""
    kept = ", ".join(f"'{one}'" for one in _OPERATED)
    before, after = (
        f"dyn({one}).?spec.orValue({{}}).transformMap(k, v, !(k in [{kept}]), v)" for one in ("oldObject", "object")
    )
    return f"{before} != {after}"


def _beside(path: str) -> str:
    steps = path.replace(".", ".?")
    return f"oldObject.{steps}.orValue({{}}) != object.{steps}.orValue({{}})"


def _bindings(policy: _Policy, usual: Strictness) -> Iterator[Manifest]:
    actions = _ACTIONS[policy.level]
    if not SERVED[policy.kind].namespaced:
        # A selector of namespaces takes whatever lives in none.
        yield _binding(policy.name, str(usual), actions[usual], None)
        return
    by_actions: dict[tuple[str, ...], list[Strictness]] = {}
    for level, found in actions.items():
        by_actions.setdefault(found, []).append(level)
    for found, levels in by_actions.items():
        others = [str(one) for one in Strictness if one not in levels]
        values = [str(one) for one in levels]
        selected = {"operator": "NotIn", "values": others} if usual in levels else {"operator": "In", "values": values}
        yield _binding(policy.name, values[0], found, {"key": LEVEL_LABEL, **selected})


def _binding(policy: str, level: str, actions: tuple[str, ...], selected: Manifest | None) -> Manifest:
    spec: Manifest = {"policyName": policy, "validationActions": list(actions)}
    if selected:
        spec["matchResources"] = {"matchPolicy": "Equivalent", "namespaceSelector": {"matchExpressions": [selected]}}
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": f"{policy}-{level}"},
        "spec": spec,
    }
