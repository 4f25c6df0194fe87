"""Emissary-ingress: what is routed and measured, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import only

from .apps import AB, BLUE_GREEN, COPIES, STICKY, app, compiled, refused

EMISSARY = "emissary"


def mappings(root: Path, traffic: dict[str, Any]) -> list[dict[str, Any]]:
    made = compiled(root, EMISSARY, app(traffic=traffic)).manifests
    return [one["spec"] for one in made if one["kind"] == "Mapping"]


def test_every_host_and_condition_is_a_mapping_and_the_engine_is_told_of_all(tmp_path: Path) -> None:
    traffic = {
        "hosts": ["a.example.com", "b.example.com"],
        "match": [{"path": {"exact": "/a"}}, {"path": {"exact": "/b"}}],
    }
    made = compiled(tmp_path, EMISSARY, app(traffic=traffic)).manifests
    names = [one["metadata"]["name"] for one in made if one["kind"] == "Mapping"]
    routing = only(made, "Rollout")["spec"]["strategy"]["canary"]["trafficRouting"]
    assert routing == {"ambassador": {"mappings": names}}
    assert [(one["hostname"], one["prefix"]) for one in mappings(tmp_path, traffic)] == [
        (host, path) for host in traffic["hosts"] for path in ("/a", "/b")
    ]


def test_a_mapping_has_no_weight_and_leads_to_stable_alone(tmp_path: Path) -> None:
    """The controller refuses a Mapping with a weight, and looks for stable's name in the Service."""
    [mapping] = mappings(tmp_path, {"hosts": ["a.b"], "timeout": "10s"})
    assert "weight" not in mapping
    assert "stats_name" not in mapping, "the copy for the canary would be counted with stable"
    assert (mapping["service"], mapping["timeout_ms"]) == ("shop-stable.shop:80", 10000)


def test_paths_are_kept_as_they_are(tmp_path: Path) -> None:
    match = [{"path": {"prefix": "/cart/"}}, {"path": {"regex": "/i/[0-9]+"}}, {"path": {"prefix": "/"}}]
    made = mappings(tmp_path, {"hosts": ["a.b"], "match": match})
    assert [one["rewrite"] for one in made] == ["", "", ""]
    assert [(one["prefix"], one.get("prefix_regex", False)) for one in made] == [
        ("/cart(/.*)?", True),
        ("/i/[0-9]+", True),
        ("/", False),
    ]


def test_all_headers_of_an_entry_must_fit(tmp_path: Path) -> None:
    headers = {"x-a": {"exact": "1"}, "x-b": {"prefix": "a.b"}, "x-c": {"regex": "a|b"}}
    [mapping] = mappings(tmp_path, {"hosts": ["a.b"], "match": [{"headers": headers}]})
    assert mapping["headers"] == {"x-a": "1"}
    assert mapping["regex_headers"] == {"x-b": r"a\.b.*", "x-c": "a|b"}


def test_one_condition_of_retries_is_taken_and_a_list_refused(tmp_path: Path) -> None:
    asked = {"attempts": 2, "retry_on": "5xx", "per_try_timeout": "250ms"}
    [mapping] = mappings(tmp_path, {"hosts": ["a.b"], "retries": asked})
    assert mapping["retry_policy"] == {"retry_on": "5xx", "num_retries": 2, "per_try_timeout": "0.25s"}
    [message] = refused(tmp_path, EMISSARY, app(traffic={"hosts": ["a.b"], "retries": {"attempts": 2}}))
    assert message.startswith("traffic.retries.retry_on: 'emissary' takes one condition, of 5xx, gateway-error")


@pytest.mark.parametrize(("delivery", "service"), [(None, "canary"), (BLUE_GREEN, "stable")], ids=["weights", "switch"])
def test_the_cluster_by_which_users_reach_the_new_version_is_measured(
    tmp_path: Path, delivery: dict[str, Any] | None, service: str
) -> None:
    made = compiled(tmp_path, EMISSARY, app(delivery) if delivery else app()).manifests
    query = only(made, "AnalysisTemplate")["spec"]["metrics"][0]["provider"]["prometheus"]["query"]
    assert query.count(f'{{envoy_cluster_name="shop_{service}_shop_80"') == 3


@pytest.mark.parametrize("delivery", [AB, COPIES, STICKY], ids=["cohort", "copies", "sticky"])
def test_what_the_engine_would_pass_over_in_silence_is_refused(tmp_path: Path, delivery: dict[str, Any]) -> None:
    [message] = refused(tmp_path, EMISSARY, app(delivery))
    assert "Argo Rollouts sets nothing but the weight of a Mapping" in message


def test_flagger_does_not_know_it_and_would_take_it_for_istio(tmp_path: Path) -> None:
    messages = refused(tmp_path, EMISSARY, app(), "flagger")
    assert "'emissary' does not work with 'flagger'" in messages[0]
