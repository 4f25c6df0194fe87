"""Has the engine's SDK ask only the policies that a resource concerns, and build what a stack holds once.

The SDK's server asks every policy about every resource, though nearly all look at other kinds, and builds all resources
of a stack anew for each policy about stacks. `install` puts itself before these two. The engine hears that policies of
other kinds are not applicable, as they would say themselves; and of those about stacks the first that is asked gets the
resources, because it reads them for all. Source: pulumi-policy 1.21, policy.py (Analyze, AnalyzeStack).
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any

from pulumi.runtime.proto import analyzer_pb2

from .engine import kind_of, names
from .facts import Kind
from .once import server
from .rule import ObjectRule, Rule

_POLICIES = "_PolicyAnalyzerServicer__policies"


def kinds_of(rules: Iterable[Rule]) -> Mapping[str, frozenset[Kind]]:
    """What the policies about objects look at, by their names."""
    return {rule.id: frozenset(rule.kinds) for rule in rules if isinstance(rule, ObjectRule)}


def install(kinds: Mapping[str, frozenset[Kind]]) -> None:
    """Puts it before the SDK's server. `kinds`: see `kinds_of`; a policy that is not named is always asked."""
    servicer = server._PolicyAnalyzerServicer
    analyze, analyze_stack = servicer.Analyze, servicer.AnalyzeStack
    reasons = {name: f"looks only at {names(looked_at)}" for name, looked_at in kinds.items()}

    def asked_about_it(self: Any, request: Any, context: Any) -> Any:
        kind = kind_of(request.type)
        every = getattr(self, _POLICIES)
        others = [one for one in every if one.name in kinds and kind not in kinds[one.name]]
        skipped = {one.name for one in others}
        response = analyze(_with(self, [one for one in every if one.name not in skipped]), request, context)
        response.not_applicable.extend(
            analyzer_pb2.PolicyNotApplicable(policy_name=one.name, reason=reasons[one.name])
            for one in others
            if not _is_off(self, one)
        )
        return response

    def asked_about_stack(self: Any, request: Any, context: Any) -> Any:
        about_stacks = [one for one in getattr(self, _POLICIES) if isinstance(one, server.StackValidationPolicy)]
        first, *others = [one for one in about_stacks if not _is_off(self, one)] or [None]
        response = analyze_stack(_with(self, [first] if first else []), request, context)
        if others:
            response.MergeFrom(analyze_stack(_with(self, others), analyzer_pb2.AnalyzeStackRequest(), context))
        return response

    servicer.Analyze, servicer.AnalyzeStack = asked_about_it, asked_about_stack


def _is_off(servicer: Any, policy: Any) -> bool:
    return bool(servicer._get_enforcement_level(policy) == server.EnforcementLevel.DISABLED)


def _with(servicer: Any, policies: Sequence[Any]) -> Any:
    """The same server with some of its policies."""
    narrowed = copy(servicer)
    setattr(narrowed, _POLICIES, policies)
    return narrowed
