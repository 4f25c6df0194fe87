"""Has the engine's SDK ask only the policies that a resource concerns, and build what a stack holds once.

The server of the SDK asks every policy about every resource, though nearly all look at other kinds, and builds all
resources of a stack anew for each policy about stacks. Here it gets only those that look at the resource's kind; the
engine hears of the others what they would say themselves, that they are not applicable. And of those about stacks only
the first one that is asked gets the resources, because it reads them for all. Source: pulumi-policy 1.21, policy.py
(Analyze, AnalyzeStack).
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar

from pulumi.runtime.proto import analyzer_pb2

from . import once
from .engine import kind_of, looks_only_at
from .facts import Kind
from .rule import ObjectRule, Rule

_Plain: Any = once.server._PolicyAnalyzerServicer
_POLICIES = "_PolicyAnalyzerServicer__policies"


def install(rules: Iterable[Rule]) -> None:
    """Makes the SDK serve with it."""

    class Ours(Dispatching):
        kinds = kinds_of(rules)

    once.server._PolicyAnalyzerServicer = Ours


def kinds_of(rules: Iterable[Rule]) -> Mapping[str, frozenset[Kind]]:
    """What the policies about objects look at, by their names."""
    return {rule.id: frozenset(rule.kinds) for rule in rules if isinstance(rule, ObjectRule)}


class Dispatching(_Plain):  # type: ignore[misc]
    """A server like the SDK's that asks whom it concerns. `kinds`: see `kinds_of`; one that is not named is asked."""

    kinds: ClassVar[Mapping[str, frozenset[Kind]]] = {}

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._about: dict[str, tuple[list[Any], Any]] = {}

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._about.clear()
        return super().Configure(request, context)

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802
        found = self._about.get(request.type)
        if found is None:
            found = self._about[request.type] = self._concerned(request.type)
        concerned, others = found
        response = _Plain.Analyze(self._with(concerned), request, context)
        response.MergeFrom(others)
        return response

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802
        first, *others = [one for one in self._on() if isinstance(one, once.server.StackValidationPolicy)] or [None]
        response = _Plain.AnalyzeStack(self._with([first] if first else []), request, context)
        nothing = analyzer_pb2.AnalyzeStackRequest()
        response.MergeFrom(_Plain.AnalyzeStack(self._with(others), nothing, context))
        return response

    def Remediate(self, request: Any, context: Any) -> Any:  # noqa: N802
        if once.server.EnforcementLevel.REMEDIATE in map(self._get_enforcement_level, getattr(self, _POLICIES)):
            return super().Remediate(request, context)
        # Said before the resource is converted, which nobody would look at.
        return analyzer_pb2.RemediateResponse()

    def _get_provider_resource(self, _request: Any) -> None:
        """No rule looks at the provider, and reading it costs as much as a small object."""

    def _concerned(self, resource_type: str) -> tuple[list[Any], Any]:
        """The policies that a type concerns, and what the others say."""
        kind, on = kind_of(resource_type), self._on()
        others = {one.name for one in on if one.name in self.kinds and kind not in self.kinds[one.name]}
        said = [
            analyzer_pb2.PolicyNotApplicable(policy_name=name, reason=looks_only_at(self.kinds[name]))
            for name in sorted(others)
        ]
        return [one for one in on if one.name not in others], analyzer_pb2.AnalyzeResponse(not_applicable=said)

    def _on(self) -> list[Any]:
        """The policies that are not switched off."""
        off = once.server.EnforcementLevel.DISABLED
        return [one for one in getattr(self, _POLICIES) if self._get_enforcement_level(one) != off]

    def _with(self, policies: Sequence[Any]) -> Any:
        """The same server with some of its policies."""
        narrowed = copy(self)
        setattr(narrowed, _POLICIES, policies)
        return narrowed
