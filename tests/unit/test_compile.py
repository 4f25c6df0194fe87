"""From a spec to the objects of a release: what the engine is told, who owns what, what is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.compile import compile_app, parts
from components.spec.cluster import DeliverySpec
from components.spec.registry import VariantModel
from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

SHOP = example_app()


def rollout_of(root: Path, app: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = only(compiled_app(root, app).manifests, "Rollout")["spec"]
    return spec


def steps_of(root: Path, app: dict[str, Any]) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = rollout_of(root, app)["strategy"]["canary"]["steps"]
    return steps


def test_every_weight_is_followed_by_its_checks(tmp_path: Path) -> None:
    kinds = [next(iter(step)) for step in steps_of(tmp_path, SHOP)]
    assert kinds == ["setWeight", "analysis"] * 3
    assert [step["setWeight"] for step in steps_of(tmp_path, SHOP)[::2]] == [5, 25, 50]


def test_the_engine_and_the_route_agree_on_which_service_is_which(tmp_path: Path) -> None:
    manifests = compiled_app(tmp_path, SHOP).manifests
    canary = only(manifests, "Rollout")["spec"]["strategy"]["canary"]
    assert (canary["stableService"], canary["canaryService"]) == ("shop-stable", "shop-canary")
    assert canary["trafficRouting"] == {"istio": {"virtualService": {"name": "shop-split", "routes": ["split"]}}}
    [route] = only(manifests, "VirtualService", "shop-split")["spec"]["http"]
    destinations = {to["destination"]["host"]: to["weight"] for to in route["route"]}
    assert (route["name"], destinations) == ("split", {"shop-stable": 100, "shop-canary": 0})


def test_what_a_hold_has_left_after_its_checks_is_waited_for(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, changed(SHOP, "delivery", "steps", to=[{"weight": 5, "hold": "1m10s"}]))
    assert [next(iter(step)) for step in steps] == ["setWeight", "analysis", "pause"]
    assert steps[2] == {"pause": {"duration": "10s"}}


def test_a_step_measures_the_version_that_the_rollout_brings(tmp_path: Path) -> None:
    """Read from the Rollout when the analysis starts: an undo measures the version it brings back."""
    analysis = steps_of(tmp_path, SHOP)[1]["analysis"]
    arguments = {one["name"]: one for one in analysis["args"]}
    path = "spec.template.metadata.labels.version"
    assert arguments["revision"]["valueFrom"] == {"fieldRef": {"fieldPath": path}}
    assert arguments["count"]["value"] == "4"
    assert rollout_of(tmp_path, SHOP)["template"]["metadata"]["labels"]["version"].startswith("1.4.0-")


def test_every_argument_of_a_template_is_given_by_every_step(tmp_path: Path) -> None:
    manifests = compiled_app(tmp_path, SHOP).manifests
    template = only(manifests, "AnalysisTemplate")
    wanted = {one["name"] for one in template["spec"]["args"]}
    given = [step["analysis"] for step in steps_of(tmp_path, SHOP) if "analysis" in step]
    assert [{one["name"] for one in analysis["args"]} for analysis in given] == [wanted] * 3
    assert {one["templateName"] for analysis in given for one in analysis["templates"]} == {"shop"}


def test_a_check_looks_back_over_time_at_this_weight_only(tmp_path: Path) -> None:
    app = changed(SHOP, "delivery", "analysis", "interval", to="40s")
    metrics = only(compiled_app(tmp_path, app).manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert [metric["name"] for metric in metrics] == ["error-rate", "latency-p99"]
    for metric in metrics:
        assert metric["initialDelay"] == metric["interval"] == "40s"
        assert "[40s]" in metric["provider"]["prometheus"]["query"]


def test_tolerated_failures_are_the_engines_limit(tmp_path: Path) -> None:
    app = changed(SHOP, "delivery", "analysis", "tolerated_failures", to=2)
    metrics = only(compiled_app(tmp_path, app).manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert [metric["failureLimit"] for metric in metrics] == [2, 2]


@pytest.mark.parametrize(
    ("interval", "tolerated", "errors"), [("30s", 0, 0), ("20s", 1, 2), ("30s", 2, 6), ("1m15s", 1, 7)]
)
def test_no_answer_is_tolerated_no_longer_than_a_bad_one(
    tmp_path: Path, interval: str, tolerated: int, errors: int
) -> None:
    """The controller asks again 10 s after an error, and five times where nothing is said."""
    analysis = {**SHOP["delivery"]["analysis"], "interval": interval, "tolerated_failures": tolerated}
    app = changed(SHOP, "delivery", "analysis", to=analysis)
    app = changed(app, "delivery", "steps", to=[{"weight": 5, "hold": "10m"}])
    metrics = only(compiled_app(tmp_path, app).manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert {metric["consecutiveErrorLimit"] for metric in metrics} == {errors}


def test_a_release_that_stands_still_is_aborted(tmp_path: Path) -> None:
    spec = rollout_of(tmp_path, changed(SHOP, "delivery", "rollback", to={"deadline": "5m", "keep_old_pods": "0s"}))
    assert (spec["progressDeadlineSeconds"], spec["progressDeadlineAbort"]) == (300, True)
    canary = spec["strategy"]["canary"]
    assert (canary["scaleDownDelaySeconds"], canary["abortScaleDownDelaySeconds"]) == (0, 1)


def test_a_change_of_the_steps_alone_releases_nothing(tmp_path: Path) -> None:
    """The engine starts a release when the pod template changes: nothing else may be in it."""
    before = rollout_of(tmp_path / "a", SHOP)["template"]
    after = rollout_of(tmp_path / "b", changed(SHOP, "delivery", "steps", 0, "weight", to=6))["template"]
    assert before == after


def test_the_selector_never_changes(tmp_path: Path) -> None:
    """It is immutable: a version in it would make every release a replacement."""
    other = changed(changed(SHOP, "workload", "image", to="shop:9"), "owner", to="team-other")
    selectors = [rollout_of(tmp_path / str(index), app)["selector"] for index, app in enumerate((SHOP, other))]
    assert selectors == [{"matchLabels": {"app.kubernetes.io/name": "shop"}}] * 2


def test_what_controllers_rewrite_is_left_to_them(tmp_path: Path) -> None:
    assert compiled_app(tmp_path, SHOP).ownership.pulumi == {
        ("Service", "shop-canary"): ("spec.selector",),
        ("Service", "shop-stable"): ("spec.selector",),
        ("VirtualService", "shop-split"): ("spec.http",),
    }


def test_objects_come_before_those_that_refer_to_them(tmp_path: Path) -> None:
    kinds = [one["kind"] for one in compiled_app(tmp_path, example_app("autoscaled")).manifests]
    order = ["ServiceAccount", "Service", "Gateway", "VirtualService", "AnalysisTemplate", "Rollout"]
    assert sorted(order, key=kinds.index) == order
    assert kinds.index("Rollout") < kinds.index("HorizontalPodAutoscaler")


def test_the_users_route_and_the_engines_weights_are_two_objects(tmp_path: Path) -> None:
    app = changed(SHOP, "traffic", to=example_app("tls")["traffic"])
    manifests = compiled_app(tmp_path, app).manifests
    root, split = (only(manifests, "VirtualService", name)["spec"] for name in ("shop", "shop-split"))
    [route] = root["http"]
    assert route["delegate"] == {"name": "shop-split", "namespace": "shop"}
    assert (route["timeout"], route["retries"]["attempts"], route["retries"]["perTryTimeout"]) == ("3s", 2, "1s")
    assert root["hosts"] == ["account.example.com", "login.example.com"]
    assert set(split) == {"http"}
    assert [to["weight"] for to in split["http"][0]["route"]] == [100, 0]


def test_a_certificate_makes_http_redirect(tmp_path: Path) -> None:
    keys = changed(stack_keys(), "delivery", "router", to={"kind": "istio", "tls_secret": "cert"})
    http, https = only(compiled_app(tmp_path, SHOP, keys).manifests, "Gateway")["spec"]["servers"]
    assert http["tls"] == {"httpsRedirect": True}
    assert https["tls"] == {"mode": "SIMPLE", "credentialName": "cert"}


def test_without_a_certificate_only_http_is_served(tmp_path: Path) -> None:
    [server] = only(compiled_app(tmp_path, SHOP).manifests, "Gateway")["spec"]["servers"]
    assert (server["port"]["protocol"], "tls" in server) == ("HTTP", False)


def test_all_objects_carry_the_owner(tmp_path: Path) -> None:
    owners = {one["metadata"]["labels"]["coalmine.dev/owner"] for one in compiled_app(tmp_path, SHOP).manifests}
    assert owners == {"team-shop"}


@pytest.mark.parametrize(
    ("limit", "text"), [("300ms", "300"), ("1s", "1000"), ("1m2s345ms", "62345"), ("30m", "1800000")]
)
def test_a_latency_limit_is_written_out_in_full(tmp_path: Path, limit: str, text: str) -> None:
    app = changed(SHOP, "delivery", "analysis", "checks", to=[{"kind": "latency", "max": limit}])
    [metric] = only(compiled_app(tmp_path, app).manifests, "AnalysisTemplate")["spec"]["metrics"]
    assert metric["failureCondition"].endswith(f"result[0] > {text}")


class _Stranger(VariantModel):
    """A variant of no contract."""


def test_parts_of_another_kind_are_an_error_of_the_program(tmp_path: Path) -> None:
    stranger = _Stranger(kind="x")
    wrong = DeliverySpec.model_construct(engine=stranger, router=stranger, metrics=stranger)
    with pytest.raises(TypeError, match="not an engine, a router and a metric provider"):
        parts(wrong)


def test_compiling_twice_gives_the_same(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(SHOP)
    stack = project.load()
    first, second = (compile_app(stack.apps[0], stack.spec.delivery) for _ in range(2))
    assert first == second


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, dict | list):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _texts(value)
    elif isinstance(data, str):
        yield data


def test_whatever_text_a_user_writes_no_value_is_left_unparsed(tmp_path: Path) -> None:
    """Typed values are written as text: a Python object in a manifest would break the API call."""
    for manifest in compiled_app(tmp_path, example_app("full-workload")).manifests:
        assert not [text for text in _texts(manifest) if "object at 0x" in text or text.startswith("Duration(")]
