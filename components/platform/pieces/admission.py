"""The rules about one object for the API server itself: ValidatingAdmissionPolicies, and what binds them.

The rules are those of the policy pack beside this package, which brings their CEL; here are the levels and limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from ...manifests.meta import Manifest
from ...spec.cluster import StackSpec
from ..piece import Piece, Stages

if TYPE_CHECKING:
    from policies.configuration import Configuration

_PACK = "policies" if __name__.startswith("components.") else "coalmine_policies"
"""The pack beside this package: in the checkout it has the name of its folder."""
_RULES = "platform.admission.rules"
_EXEMPTIONS = "exemptions"


def stages(stack: StackSpec) -> Stages:
    """The policies; then what binds them, so that no binding waits for its policy."""
    pack = import_module(f"{_PACK}.admission")
    made: list[Manifest] = pack.manifests(_rules(stack), pack.Strictness(stack.platform.admission.level))
    policies = [one for one in made if one["kind"] == "ValidatingAdmissionPolicy"]
    return (policies, [one for one in made if one not in policies])


def _rules(stack: StackSpec) -> Configuration:
    """Every rule as the stack sets it. Raises the pack's ConfigurationError."""
    rules = import_module(f"{_PACK}.registry").discover().values()
    found: Configuration = import_module(f"{_PACK}.configuration").configured(rules, stack.platform.admission.rules)
    return found


def _problems(stack: StackSpec) -> Iterator[tuple[str, str]]:
    oldest = import_module(f"{_PACK}.expressions").OLDEST_KUBERNETES
    given = stack.cluster.kubernetes
    if tuple(int(part) for part in given.split(".")[:2]) < oldest:
        needed = ".".join(str(part) for part in oldest)
        off = "upgrade the cluster, or set platform.admission.install to false"
        yield "cluster.kubernetes", f"admission needs Kubernetes {needed} or newer, not {given}: {off}"
    if _EXEMPTIONS in stack.platform.admission.rules:
        message = "the API server knows no exemptions: leave it out, and set the namespace to audit meanwhile"
        yield f"{_RULES}.{_EXEMPTIONS}", message
    try:
        _rules(stack)
    except import_module(f"{_PACK}.configuration").ConfigurationError as error:
        yield from ((f"{_RULES}.{one.path}" if one.path else _RULES, one.message) for one in error.mistakes)


PIECE = Piece(
    name="admission",
    token="coalmine:index:PolicyAdmission",
    serves=None,
    namespaces=lambda _stack: {},
    stages=stages,
    problems=lambda stack: list(_problems(stack)),
)
