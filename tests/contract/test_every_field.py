"""Whatever a user writes reaches the cluster or is refused: every key, changed one at a time, changes the objects."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from components import compile as compiling
from components.compile import Compiled
from components.plan import Plan, build_plan
from components.render import to_yaml
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec
from tests.specs import changed

from .drawn import Change, apps, at, bases, change, changes_of, deliveries, outcome, spec_of, values_at, with_change
from .test_properties import QUICK
from .variants import Combination, supported
from .variations import delivery_variations

ELSEWHERE: Mapping[str, str] = {
    r"workload\.probes\.\w+(\.port)?": "without a port a probe asks the traffic port: naming that one says the same",
    r"delivery\.steps\.\d+\.audience(\..*)?": "a cohort stays until another is named: naming it again says the same",
    r"workload\.volumes\.\d+\.read_only": "config and secret are read-only anyway: saying so says the same",
    r"delivery\.rollback(\.keep_old_pods)?": "0s says what Flagger does anyway",
    r"delivery\.analysis\.checks\.\d+\.provider": "the cluster's own provider is asked anyway: naming it says the same",
    r"traffic\.routers": "the cluster's own router is used anyway: naming it says the same",
    r"traffic\.routers\.[1-9]\d*": "for Argo Rollouts 'linkerd' and 'smi' make the same TrafficSplit",
    r"delivery\.analysis\.interval": "Flagger looks once a step: only built-in questions have a window",
    r"delivery\.analysis\.background": "Flagger makes every check at every look anyway",
    r"delivery\.analysis\.minimum_requests": "only error_rate and latency count requests, and presets give it",
    r"delivery\.analysis\.checks\.\d+\.not_per_version": "the reason is for those who read the spec",
    r"delivery\.analysis\.checks\.\d+\.unit": "plan and messages say it",
    r"workload\.existing\.selector\..*": "Flagger tells the pods by one label of it, and makes the Services itself",
    r"delivery\.preset": "a preset gives what is not written: where all of it is, none is left to give",
}
"""Places, as patterns, whose change may leave the objects as they are, and why."""
CONFIGURED_ELSEWHERE: Mapping[str, str] = {
    r"flagger: gloo\.virtual_gateway\..*": "Flagger steers Gloo Edge, whose gateways choose their routes",
    r"flagger: flagger\.version": "it says which metric providers may be asked",
    r"flagger: (smi|app-mesh|apisix)\.pod_metrics\.version": "Flagger's canary is told by the name of its pods",
    r"flagger: prometheus\.timeout": "Flagger waits 5 s for an answer and cannot be told otherwise",
}
"""The same of an engine's, a router's and a metric provider's own keys, as `engine: kind.key`."""
_PER_PLACE = 2


def _is_excused(path: str, reasons: Mapping[str, str]) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in reasons)


def _differ(one: Compiled, other: Compiled) -> bool:
    # Texts last, as they take longest: they tell what Python takes for the same, like 1 and true.
    return (
        one.manifests != other.manifests
        or one.ownership.fields != other.ownership.fields
        or list(map(to_yaml, one.manifests)) != list(map(to_yaml, other.manifests))
    )


def dropped(app: Mapping[str, Any], one: Change, delivery: DeliverySpec) -> str:
    """What is dropped without a word when one place changes; empty where nothing is."""
    path, value = one
    after = with_change(app, path, value)
    if after is None or spec_of(after) == spec_of(app):
        return ""
    before, made = outcome(app, delivery), outcome(after, delivery)
    if not isinstance(before, Compiled) or not isinstance(made, Compiled) or _differ(made, before):
        return ""
    place = ".".join(map(str, path))
    if _is_excused(place, ELSEWHERE):
        return ""
    return f"{app['name']}: {place}: {at(app, path)!r} became {value!r}, and no object says so"


def _changes() -> Iterator[tuple[dict[str, Any], Change]]:
    for app in bases():
        for path in changes_of(app):
            yield from ((app, (path, value)) for value in values_at(app, path)[:_PER_PLACE])


@cache
def _combinations() -> list[Combination]:
    return supported()


def test_every_key_of_every_app_reaches_the_objects_or_is_refused() -> None:
    """Each change on one combination, in turn, so that more variants take no longer."""
    combinations = _combinations()
    found = [
        (dropped(app, one, combination.delivery), str(combination))
        for number, (app, one) in enumerate(_changes())
        for combination in (combinations[number % len(combinations)],)
    ]
    lost = [one for one in found if one[0]]
    assert not lost, f"dropped without a word (or name the place in ELSEWHERE, with the reason): {lost[:5]}"


@QUICK
@given(st.data(), apps(), deliveries())
def test_so_does_every_key_of_a_drawn_app(data: st.DataObject, app: dict[str, Any], delivery: DeliverySpec) -> None:
    one = data.draw(change(app))
    assume(with_change(app, *one) is not None)
    assert dropped(app, one, delivery) == ""


def _idle_keys(combination: Combination) -> list[str]:
    """The keys of engine, router and provider that change the objects of no app."""
    before = [(app, outcome(app, combination.delivery)) for app in bases()]
    able = [(app, made) for app, made in before if isinstance(made, Compiled)]
    assert able, f"{combination} takes no app of tests/contract/drawn.py: add one, or nothing is known of it"

    def matters(delivery: DeliverySpec) -> bool:
        for app, made_before in able:
            made = outcome(app, delivery)
            if not isinstance(made, Compiled) or _differ(made, made_before):
                return True
        return False

    idle = {}
    for path, delivery in delivery_variations(combination.delivery):
        if path.partition(".")[0] not in ("engine", "router", "metrics"):
            continue  # of the platform, which installs it
        key = _name_of_key(combination, path)
        tried = (delivery, *_extremes(combination.delivery, path))
        idle[key] = not _is_excused(key, CONFIGURED_ELSEWHERE) and not any(map(matters, tried))
    return [key for key, is_idle in idle.items() if is_idle]


def _extremes(delivery: DeliverySpec, path: str) -> Iterator[DeliverySpec]:
    """With a value at a key that is far from any: what bounds something else refuses then."""
    data = delivery.model_dump(mode="json")
    parts = [int(part) if part.isdigit() else part for part in path.split(".")]
    for value in ("1ms", "2400h", 1, 10**6):
        try:
            yield DeliverySpec.model_validate(changed(data, *parts, to=value))
        except ValidationError:
            continue


def _name_of_key(combination: Combination, path: str) -> str:
    family, _, key = path.partition(".")
    chosen = getattr(getattr(combination.delivery, family), "kind", family)
    return f"{combination.engine.kind}: {chosen}.{key}"


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_every_key_of_an_engine_a_router_and_a_provider_changes_the_objects(combination: Combination) -> None:
    idle = _idle_keys(combination)
    assert not idle, f"{idle} change no object and refuse nothing: drop them, or say in CONFIGURED_ELSEWHERE why not"


def test_a_key_that_is_dropped_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a compiler that forgets the timeout."""

    def forgetful(app: AppSpec) -> Plan:
        return build_plan(app.model_copy(update={"traffic": app.traffic.model_copy(update={"timeout": None})}))

    [app] = [one for one in bases() if one["name"] == "shop" and "timeout" in one["traffic"]][:1]
    one = (("traffic", "timeout"), "11s")
    [combination] = [found for found in _combinations() if str(found) == "argo-rollouts-istio-prometheus"]
    assert dropped(app, one, combination.delivery) == ""
    monkeypatch.setattr(compiling, "build_plan", forgetful)
    assert dropped(app, one, combination.delivery).endswith("became '11s', and no object says so")
