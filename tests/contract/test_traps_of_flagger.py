"""What validates and fails later, in Flagger: none of it is found in the objects of any app, on any router."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from .trap_objects import analyses, made, objects, with_key

_GATEWAY = ("gatewayapi:v1", "gatewayapi:v1beta1")
_BY_HEADER = frozenset({"istio", "appmesh", "nginx", "contour", "gloo", *_GATEWAY})
_ANCHORED = re.compile(r"\d+[ms]")
_KINDS_OF_VALUE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_GATEWAY, frozenset({"exact", "regex"})),
    "gloo": frozenset({"exact", "regex"}),
    "contour": frozenset({"exact", "prefix", "suffix"}),
    "nginx": frozenset({"exact", "regex"}),
}
"""By provider, the conditions on a header that it takes as they are meant; of others, all."""


def _seconds(text: str) -> int:
    return int(text[:-1]) * (60 if text.endswith("m") else 1)


def _headers(analysis: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    return [(name, value) for one in analysis.get("match", []) for name, value in one.get("headers", {}).items()]


@pytest.mark.trap(26)
def test_a_cohort_is_served_only_where_headers_are_routed() -> None:
    matched = [provider for provider, one in analyses() if "match" in one]
    assert matched
    assert set(matched) <= _BY_HEADER


@pytest.mark.trap(27)
def test_every_condition_on_a_header_is_one_that_the_provider_takes() -> None:
    for provider, one in analyses():
        for name, value in _headers(one):
            assert set(value) <= _KINDS_OF_VALUE.get(provider, set(value)), f"{provider}: {name}: {value}"


@pytest.mark.trap(28)
def test_copies_are_made_without_weights_and_where_they_are_made_at_all() -> None:
    copied = [(provider, one) for provider, one in analyses() if one.get("mirror")]
    assert copied
    for provider, one in copied:
        assert provider in ("istio", *_GATEWAY)
        assert "iterations" in one
        assert not {"stepWeight", "stepWeights", "maxWeight"} & set(one)


@pytest.mark.trap(29)
def test_weights_rise_from_above_0_to_100_at_most() -> None:
    weighted = [one["stepWeights"] for _, one in analyses() if "stepWeights" in one]
    assert weighted
    for weights in weighted:
        assert weights == sorted(set(weights))
        assert weights[0] > 0
        assert weights[-1] <= 100


@pytest.mark.trap(30)
def test_a_single_step_divides_the_highest_weight() -> None:
    for _, one in analyses():
        if "stepWeight" in one:
            assert one["stepWeight"] > 0
            assert one.get("maxWeight", 100) % one["stepWeight"] == 0


@pytest.mark.trap(31)
def test_a_cohort_is_neither_copied_nor_sticky() -> None:
    assert [one for _, one in analyses() if "match" in one and (one.get("mirror") or "sessionAffinity" in one)] == []


@pytest.mark.trap(32)
def test_nginx_gets_one_header_and_one_cookie_at_most_and_counts() -> None:
    for provider, one in analyses():
        if provider == "nginx" and "match" in one:
            names = [name for name, _ in _headers(one)]
            assert "iterations" in one
            assert names.count("cookie") <= 1
            assert len(names) - names.count("cookie") <= 1


@pytest.mark.trap(33)
def test_every_duration_is_one_that_flagger_reads() -> None:
    for _, one in analyses():
        intervals = [one["interval"], *(metric["interval"] for metric in one["metrics"])]
        assert [text for text in intervals if not _ANCHORED.fullmatch(text)] == []
        assert min(map(_seconds, intervals)) >= 10
        hooks = [hook for hook in one.get("webhooks", []) if hook["type"] == "rollout"]
        assert sum(_seconds(hook.get("timeout", "10s")) for hook in hooks) < _seconds(one["interval"])


@pytest.mark.trap(36)
def test_no_analysis_is_skipped() -> None:
    assert list(with_key(objects("Canary"), "skipAnalysis")) == []


@pytest.mark.trap(37)
def test_a_disruption_budget_holds_for_the_pods_that_serve() -> None:
    found = 0
    for app in made():
        providers = [one["spec"]["provider"] for one in app.manifests if one["kind"] == "Canary"]
        # Knative's revisions keep the label, so that one budget holds for all of them: tests/unit/routers.
        if providers in ([], ["knative"]):
            continue
        for one in app.manifests:
            if one["kind"] == "PodDisruptionBudget":
                chosen = [each["values"] for each in one["spec"]["selector"]["matchExpressions"]]
                [serving] = (value for value in chosen[0] if value.endswith("-primary"))
                assert serving.removesuffix("-primary") in app.plan.app.selector.values()
                found += 1
    assert found


@pytest.mark.trap(38)
def test_the_target_declares_no_replicas() -> None:
    for app in made():
        canaries = [one for one in app.manifests if one["kind"] == "Canary"]
        targets = [(one["spec"]["targetRef"]["kind"], one["spec"]["targetRef"]["name"]) for one in canaries]
        found = [one for one in app.manifests if (one["kind"], one["metadata"]["name"]) in targets]
        assert [one for one in found if "replicas" in one["spec"]] == []


@pytest.mark.trap(39)
def test_an_app_has_one_canary_for_one_target() -> None:
    for app in made():
        targets = [one["spec"]["targetRef"]["name"] for one in app.manifests if one["kind"] == "Canary"]
        assert len(targets) == len(set(targets)) <= 1


@pytest.mark.trap(40)
def test_no_promotion_by_steps_on_traefik() -> None:
    assert [one for provider, one in analyses() if provider == "traefik" and "stepWeightPromotion" in one] == []


@pytest.mark.trap(41)
def test_no_route_of_ours_has_the_name_that_flagger_gives_its_own() -> None:
    for app in made():
        for canary in (one for one in app.manifests if one["kind"] == "Canary"):
            if canary["spec"]["provider"] in _GATEWAY:
                routes = [one["metadata"]["name"] for one in app.manifests if one["kind"] == "HTTPRoute"]
                assert canary["spec"]["service"].get("name", canary["spec"]["targetRef"]["name"]) not in routes
