"""When which weight was in force, from Envoy's route configurations."""

import math
from typing import Any

from localcluster.demo.routes import weights_of
from localcluster.demo.timeline import Stretch, stretches

HOST = "shop.example.com"
STABLE = "outbound|80||shop-stable.shop.svc.cluster.local"
CANARY = "outbound|80||shop-canary.shop.svc.cluster.local"
CANARY_OF_ANOTHER = "outbound|80||shop-canary.shop2.svc.cluster.local"


def report(before: float, at: float, clusters: dict[str, int] | None) -> dict[str, Any]:
    return {"before": before, "time": at, "hosts": {} if clusters is None else {HOST: clusters}}


def dump(*routes: dict[str, Any]) -> dict[str, Any]:
    host = {"name": "shop", "domains": [HOST, f"{HOST}:80"], "routes": [{"route": route} for route in routes]}
    return {"configs": [{"route_config": {"name": "http.80", "virtual_hosts": [host]}}]}


def test_weights_come_from_weighted_clusters() -> None:
    parts = [{"name": STABLE, "weight": 95}, {"name": CANARY, "weight": 5}]
    found = weights_of(dump({"weighted_clusters": {"clusters": parts}}))
    assert found == {HOST: {STABLE: 95, CANARY: 5}, f"{HOST}:80": {STABLE: 95, CANARY: 5}}


def test_a_route_to_one_cluster_gives_it_everything() -> None:
    assert weights_of(dump({"cluster": STABLE}))[HOST] == {STABLE: 100}


def test_a_route_of_some_users_does_not_hide_that_of_everybody() -> None:
    assert weights_of(dump({"cluster": CANARY}, {"cluster": STABLE}))[HOST] == {STABLE: 100}


def test_a_host_without_a_route_has_no_weights() -> None:
    assert weights_of(dump()) == {}
    assert weights_of({"configs": [{"route_config": {"name": "http.80"}}]}) == {}


def test_stretches_lie_surely_inside_what_was_seen() -> None:
    reports = [
        report(0.0, 10.0, {STABLE: 100}),
        report(20.0, 20.2, {STABLE: 95, CANARY: 5}),
        report(35.0, 35.2, {STABLE: 75, CANARY: 25}),
        report(50.0, 50.2, {STABLE: 100}),
    ]
    assert stretches(reports, HOST, "shop-canary.shop") == [
        Stretch(0, 10.0, 20.0),
        Stretch(5, 20.2, 35.0),
        Stretch(25, 35.2, 50.0),
        Stretch(0, 50.2, math.inf),
    ]


def test_a_report_about_other_hosts_changes_nothing() -> None:
    reports = [report(0.0, 1.0, {STABLE: 95, CANARY: 5}), report(5.0, 5.2, {STABLE: 95, CANARY: 5})]
    assert stretches(reports, HOST, "shop-canary.shop") == [Stretch(5, 1.0, math.inf)]


def test_a_route_that_goes_ends_its_stretch() -> None:
    reports = [
        report(0.0, 1.0, {STABLE: 100}),
        report(5.0, 5.2, None),
        report(8.0, 8.2, {STABLE: 100}),
    ]
    assert stretches(reports, HOST, "shop-canary.shop") == [Stretch(0, 1.0, 5.0), Stretch(0, 8.2, math.inf)]


def test_the_canary_of_another_namespace_is_not_this_one() -> None:
    reports = [report(0.0, 1.0, {STABLE: 50, CANARY_OF_ANOTHER: 50})]
    assert stretches(reports, HOST, "shop-canary.shop") == [Stretch(0, 1.0, math.inf)]


def test_only_whole_seconds_inside_a_stretch_are_counted() -> None:
    assert Stretch(5, 20.2, 35.1).whole_seconds(now=100.0) == (21, 35)
    assert Stretch(5, 20.6, 35.1).whole_seconds(now=100.0) == (22, 35)
    assert Stretch(5, 20.2, math.inf).whole_seconds(now=30.9) == (21, 30)


def test_a_short_stretch_has_no_whole_second() -> None:
    assert Stretch(5, 20.2, 20.9).whole_seconds(now=100.0) == (21, 21)


def test_contour_names_clusters_in_its_own_way() -> None:
    named = {"shop/shop-stable/80/da39a3ee5e": 90, "shop/shop-canary/80/da39a3ee5e": 10}
    of_another = {"shop2/shop-canary/80/da39a3ee5e": 100}
    assert stretches([report(0.0, 1.0, named)], HOST, "shop-canary.shop") == [Stretch(10, 1.0, math.inf)]
    assert stretches([report(0.0, 1.0, of_another)], HOST, "shop-canary.shop") == [Stretch(0, 1.0, math.inf)]
