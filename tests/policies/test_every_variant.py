"""Every engine with every router and every metric provider, released in every way: the rules judge what it means.

A good release keeps every mandatory rule; each bad one breaks the rule that is about it, and no other.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pytest
from hypothesis import given

from components.compile import Compiled
from components.spec.cluster import DeliverySpec
from policies.registry import discover as rules
from tests.contract.drawn import apps, deliveries, outcome
from tests.contract.test_properties import QUICK
from tests.contract.variants import Combination, example_query, supported

from .support import mandatory, messages, subject

SITE = {"allowed-addresses": {"hosts": ["*"]}}
"""What a site has to set for any address to be measured at."""
MEASURES = ("error-rate", "latency-p99")
NO_CHOICE = {
    "analysis-not-skipped",
    "cohort-alone",
    "cohort-is-routed",
    "count-has-interval",
    "deadline-abort",
    "delay-has-meaning",
    "experiment-ends",
    "known-matchers",
    "known-provider",
    "metric-condition",
    "nginx-cohort",
    "old-pods-stay",
    "one-kind-per-step",
    "plain-interval",
    "plugin-has-services",
    "pods-before-route",
    "replicas-left-to-flagger",
    "replicas-left-to-scaler",
    "routers-can-route",
    "routes-declared",
    "services-have-router",
    "services-of-release",
    "step-divides-highest-weight",
    "step-metric-ends",
    "templates-resolve",
    "weight-held",
    "weights-rise",
}
"""Rules about what no app's file says: whatever a user writes keeps them."""


def _steps(*weights: int) -> list[dict[str, Any]]:
    return [{"weight": weight, "hold": "5m"} for weight in weights]


COHORT = {"headers": {"x-beta": {"exact": "yes"}}}
WAYS: Mapping[str, Mapping[str, Any]] = {
    "canary": {"steps": _steps(10, 30, 50)},
    "audience": {"steps": [{"audience": COHORT, "hold": "5m"}, *_steps(10, 40, 60)]},
    "session": {"steps": _steps(10, 30, 50), "session_affinity": {"cookie": "version", "stable_may_drift": True}},
    "blue-green": {"strategy": "blue-green", "hold": "5m"},
    "ab": {"strategy": "ab", "cohort": COHORT, "hold": "5m"},
    "mirror": {"strategy": "mirror", "copies": {"methods": "all"}, "hold": "5m"},
}
"""Good releases in every way."""
BAD: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "too much at once": ({"steps": _steps(20, 40, 60)}, {"first-step-weight"}),
    "too large a jump": ({"steps": _steps(10, 50, 70)}, {"weight-jump"}),
    "one step": ({"steps": _steps(50)}, {"first-step-weight", "analysis-start", "enough-weights"}),
}
"""Bad ones, and the rules that they break."""
HOSTS = ("shop.example.com", "shop.shop.svc.cluster.local", "shop-stable.shop.svc.cluster.local")
"""For users outside, and for other apps, which some meshes route alone."""


def _app(release: Mapping[str, Any], host: str, checks: list[dict[str, Any]]) -> dict[str, Any]:
    analysis = {"interval": "1m", "minimum_requests": 10, "checks": checks}
    return {
        "name": "shop",
        "namespace": "shop",
        "owner": "team-shop",
        "replicas": 20,
        "workload": {"image": "registry.example.com/shop:1.0.0", "port": 8080},
        "traffic": {"hosts": [host]},
        "delivery": {**release, "analysis": analysis},
    }


def _checks(combination: Combination) -> Iterator[list[dict[str, Any]]]:
    """The built-in checks, and the provider's own questions by names that say what they measure."""
    built_in = [{"kind": "error_rate", "max": "1%"}, {"kind": "latency", "quantile": "p99", "max": "300ms"}]
    if combination.metrics.built_in >= {one["kind"] for one in built_in}:
        yield built_in
    yield [{**example_query(combination.metrics), "name": name} for name in MEASURES]


def _compiled(combination: Combination, release: Mapping[str, Any]) -> Iterator[Compiled]:
    """The release with every kind of checks, for the first hosts for which it can be done."""
    for checks in _checks(combination):
        made = (outcome(_app(release, host, checks), combination.delivery) for host in HOSTS)
        yield from islice((one for one in made if isinstance(one, Compiled)), 1)


def _broken(made: Compiled) -> dict[str, list[str]]:
    """What the mandatory rules say, by rule."""
    enforced = [rule for rule in rules().values() if mandatory(rule.id)]
    judged = [(rule, one) for rule in enforced for one in made.manifests if subject(one).kind in rule.kinds]
    said = {rule.id: messages(rule.id, one, *made.manifests, **SITE.get(rule.id, {})) for rule, one in judged}
    return {rule: found for rule, found in said.items() if found}


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_a_good_release_keeps_every_rule_however_it_is_made(combination: Combination) -> None:
    found = {name: [_broken(made) for made in _compiled(combination, release)] for name, release in WAYS.items()}
    assert any(found.values()), "no release could be tried"
    assert {name: broken for name, broken in found.items() if any(broken)} == {}


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_a_bad_release_breaks_the_rules_about_it(combination: Combination) -> None:
    for name, (release, broken) in BAD.items():
        for made in _compiled(combination, release):
            assert set(_broken(made)) == broken, name


@QUICK
@given(apps(), deliveries())
def test_whatever_an_app_says_is_judged_by_what_it_does(app: dict[str, Any], delivery: DeliverySpec) -> None:
    made = outcome(app, delivery)
    if isinstance(made, Compiled):
        broken = _broken(made)
        assert not NO_CHOICE & set(broken), broken
        # A blue-green release has one weight, all, and nothing of it to do in steps.
        stages = () if made.plan.app.delivery.strategy == "blue-green" else made.plan.stages
        weights = [stage.weight for stage in stages if stage.weight]
        assert ("first-step-weight" in broken) == (bool(weights) and weights[0] > 10)
        assert ("analysis-start" in broken) == (bool(weights) and stages[0].weight >= 50)
