"""Any two routers that Argo Rollouts can steer: they lead to an app at once, or the message says why not."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.compile import Compiled
from components.contracts import Measured
from components.render import to_yaml
from tests.specs import example_app

from .drawn import by_routers, outcome
from .test_properties import REVISION, of_kind
from .variants import combinations, together

PAIRS = [*together()]
[DELIVERY] = [one.delivery for one in combinations() if str(one) == "argo-rollouts-istio-prometheus"]


def app_by(*kinds: str) -> dict[str, Any]:
    """An app that these routers lead to, with a host for each of them."""
    app = by_routers({**example_app(), "replicas": 20}, *kinds)
    inside = f"{app['name']}.{app['namespace']}.svc.cluster.local"
    hosts = {True: [inside], False: ["shop.example.com"]}
    wanted = {vars(type(DELIVERY.routers[kind])).get("inside", False) for kind in kinds}
    app["traffic"]["hosts"] = [host for one in sorted(wanted) for host in hosts[one]]
    return app


def released(*kinds: str) -> Compiled | list[str]:
    """That app's objects; where it cannot be, the messages."""
    made = outcome(app_by(*kinds), DELIVERY)
    return made if isinstance(made, Compiled) else [f"{one.path}: {one.message}" for one in made]


def stanza(made: Compiled) -> Mapping[str, Any]:
    [rollout] = of_kind(made, "Rollout")
    routing: Mapping[str, Any] = rollout["spec"]["strategy"]["canary"].get("trafficRouting", {})
    return {**routing, **routing.get("plugins", {})}


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_two_routers_do_together_what_each_does_alone_or_are_refused(pair: tuple[str, str]) -> None:
    both, *alone = released(*pair), *(released(kind) for kind in pair)
    if not isinstance(both, Compiled):
        assert both
        for message in both:
            place, said = message.split(": ", 1)
            assert place == "traffic.routers", message
            assert any(f"'{kind}'" in said for kind in pair), message
            assert said.endswith((": take one out", ": take it or the others out")), message
        return
    objects = [to_yaml(one) for one in both.manifests]
    assert len(set(objects)) == len(objects)
    for one in alone:
        assert isinstance(one, Compiled), one
        assert stanza(one).items() <= {**stanza(both), "plugins": stanza(one).get("plugins")}.items()
        own = [item for item in one.manifests if item["kind"] not in ("AnalysisTemplate", "Rollout")]
        assert {to_yaml(item) for item in own} <= set(objects)
        assert set(one.ownership.fields) <= set(both.ownership.fields)


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_the_first_routers_requests_are_counted_and_a_note_says_so(pair: tuple[str, str]) -> None:
    both = released(*pair)
    if not isinstance(both, Compiled):
        return
    series = DELIVERY.routers[pair[0]].request_series(both.plan, Measured(revision=REVISION))  # type: ignore[attr-defined]
    [template] = of_kind(both, "AnalysisTemplate")
    query = template["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert series.requests in query
    assert all(one.value in query for one in series.only), query
    assert f"Only the requests by way of '{pair[0]}' are counted, not those of '{pair[1]}'" in both.notes


def test_most_pairs_of_an_edge_and_a_mesh_work() -> None:
    """The control: a compiler that refuses all of them would pass."""
    working = {pair for pair in PAIRS if isinstance(released(*pair), Compiled)}
    assert {("traefik", "linkerd"), ("nginx", "smi"), ("istio", "gateway-api"), ("contour", "consul")} <= working
    assert not any({"alb", "kubernetes"} & set(pair) for pair in working)
    assert not any(set(pair) == {"linkerd", "smi"} for pair in working)
