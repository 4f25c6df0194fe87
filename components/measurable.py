"""What keeps the checks of a release from being measured: each says why, and what can be asked instead."""

from collections.abc import Iterator

from .contracts import Engine, MetricProvider, Providers, Router
from .plan import Path, Plan
from .spec import placeholders
from .spec.base import Finding
from .spec.checks import Check, Query, comparison
from .spec.errors import nearest
from .spec.registry import kind_of, variants


def unmeasurable(plan: Plan, engine: Engine, router: Router, providers: Providers) -> Iterator[Finding]:
    """Path and message of every check that cannot be asked as it is written."""
    asked: dict[str, MetricProvider] = {}
    for index, check in enumerate(plan.checks):
        path: Path = ("delivery", "analysis", "checks", index)
        if check.provider and check.provider not in providers.by_kind:
            known = nearest(check.provider, providers.by_kind)
            missing = f"the cluster has no metrics '{check.provider}'{known}: see delivery.other_metrics"
            yield (*path, "provider"), missing
            continue
        provider = providers.of(check)
        asked[provider.kind] = provider
        if not isinstance(provider, engine.metrics_contract):
            yield path, f"app '{plan.name}': {_stranger(engine, provider)}"
            continue
        found = (
            *_unknown_kind(check, provider),
            *_unbounded(check, provider),
            *_blind(check, engine, provider),
            *_loose(check, provider),
            *_unlabelled(check, plan),
            *_uncompared(check, plan, engine, router, provider),
            *_unheld(check, engine, provider),
            *provider.check_problems(check),
            *engine.check_problems(check, provider),
        )
        for inside, message in found:
            yield (*path, *inside), message
    for provider in asked.values():
        yield from provider.problems(plan)


def _stranger(engine: Engine, provider: MetricProvider) -> str:
    known = (kind_of(one) for one in variants("metrics").values() if issubclass(one, engine.metrics_contract))
    pair = f"engine '{engine.kind}' cannot ask '{provider.kind}'"
    return f"{pair}; providers that it can: {', '.join(known)}"


def _unknown_kind(check: Check, provider: MetricProvider) -> Iterator[Finding]:
    if isinstance(check, Query) or check.kind in provider.built_in:
        return
    able = (one for one in variants("metrics").values() if issubclass(one, MetricProvider))
    others = ", ".join(kind_of(one) for one in able if check.kind in one.built_in)
    why = f"'{provider.kind}' has no {check.kind} of its own that counts the new version alone"
    yield ("kind",), f"{why}: write a `query` check in its language, or ask another provider: {others}"


def _unbounded(check: Check, provider: MetricProvider) -> Iterator[Finding]:
    if not isinstance(check, Query):
        return
    given = {name for name in ("min", "max") if getattr(check, name) is not None}
    for name in sorted(given - provider.bounds):
        instead = " or ".join(f"`{one}`" for one in sorted(provider.bounds)) or "leave it out"
        yield (name,), f"'{provider.kind}' decides otherwise: {instead}"
    if provider.bounds and not given:
        wanted = " or ".join(f"`{one}`" for one in sorted(provider.bounds, reverse=True))
        yield (), f"give it {wanted}: a query without a limit cannot fail"


def _blind(check: Check, engine: Engine, provider: MetricProvider) -> Iterator[Finding]:
    """A limit that silence would keep."""
    if isinstance(check, Query) and engine.kind in provider.zero_without_data and (check.min is None or check.min <= 0):
        why = f"without data engine '{engine.kind}' may read 0 from '{provider.kind}', which passes"
        yield ("min",), f"{why}: measure what is good, like a share of successes, and give a `min` above 0"


def _loose(check: Check, provider: MetricProvider) -> Iterator[Finding]:
    """A query that also counts the stable version, whose good figures would hide a bad new one."""
    if not isinstance(check, Query) or check.not_per_version or provider.narrows:
        return
    if not placeholders.names_one_version(check.query):
        ways = ", ".join(placeholders.ONE_VERSION)
        message = f"counts every version of the app: narrow it by one of {ways}, or say in not_per_version why"
        yield ("query",), f"{message} it need not be"


def _unlabelled(check: Check, plan: Plan) -> Iterator[Finding]:
    """A query by a label that the pods of others may not have."""
    if plan.existing and isinstance(check, Query) and "revision" in placeholders.used(check.query):
        able = ", ".join(one for one in placeholders.ONE_VERSION if one != "{{revision}}")
        message = f"asks for the pods' label `version`, which 'existing' does not tell: narrow it by one of {able}"
        yield ("query",), message


def _uncompared(
    check: Check, plan: Plan, engine: Engine, router: Router, provider: MetricProvider
) -> Iterator[Finding]:
    if comparison(check) is None:
        return
    if engine.kind not in provider.compares:
        able = (one for one in variants("metrics").values() if issubclass(one, MetricProvider))
        others = ", ".join(kind_of(one) for one in able if engine.kind in one.compares)
        why = f"'{provider.kind}' is asked about one version at a time by engine '{engine.kind}'"
        yield ("compared_with_stable",), f"{why}: leave this out, or ask another provider: {others}"
    if plan.switched:
        message = "after the switch no user's request reaches the stable version: leave this out"
        yield ("compared_with_stable",), message
    if not isinstance(check, Query) and engine.stable_requests(plan, router) is None:
        message = f"router '{router.kind}' does not count the stable version apart: leave this out"
        yield ("compared_with_stable",), message


def _unheld(check: Check, engine: Engine, provider: MetricProvider) -> Iterator[Finding]:
    if check.on_no_data == "abort":
        return
    if not engine.holds:
        message = f"engine '{engine.kind}' knows no answer but good and bad: leave it out, or choose 'argo-rollouts'"
        yield ("on_no_data",), message
    elif not provider.holds:
        message = f"without data '{provider.kind}' gives an error, which ends the release: leave it out"
        yield ("on_no_data",), message
