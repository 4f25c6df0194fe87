"""What a metric provider cannot be asked is refused with what can; each test is named after what it prevents."""

from pathlib import Path
from typing import Any

import pytest

from components.spec.values import Duration
from tests.specs import Project, changed, example_app, only, stack_keys

QUERY = {"kind": "query", "name": "good", "min": 1}
NARROW = "{{revision}}"
ROLLOUTS = "argo-rollouts"
INFLUX = 'from(bucket: "b") |> range(start: -{{window}}) |> filter(fn: (r) => r.v == "{{revision}}")'
KAYENTA = {
    "kind": "kayenta",
    "address": "http://k",
    "application": "a",
    "metrics_account": "m",
    "configuration_account": "c",
    "storage_account": "s",
    "location": "l",
}


def project(root: Path, metrics: Any, check: dict[str, Any], engine: Any = ROLLOUTS, interval: str = "1m") -> Project:
    made = Project(root)
    keys = stack_keys()
    made.stack({**keys, "delivery": {**keys["delivery"], "metrics": metrics, "engine": engine}})
    app = changed(example_app(), "delivery", "analysis", to={"interval": interval, "checks": [check]})
    app["delivery"] |= {"steps": [{"weight": 10, "hold": "10m"}, {"weight": 50, "hold": "10m"}]}
    app["delivery"].pop("rollback", None)
    made.apps(app)
    return made


@pytest.mark.parametrize(
    ("metrics", "check", "engine", "message"),
    [
        ("influxdb", {"query": INFLUX, "min": None, "max": 1}, "flagger", "without data engine 'flagger' may read 0"),
        ("datadog", {"query": NARROW, "min": 0}, "flagger", "without data engine 'flagger' may read 0 from 'datadog'"),
        ("influxdb", {"query": INFLUX}, "flagger", "give 'influxdb' an address"),
        ("influxdb", {"query": NARROW}, ROLLOUTS, "write range(start: -{{window}})"),
        ("stackdriver", {"query": NARROW}, ROLLOUTS, "engine 'argo-rollouts' cannot ask 'stackdriver'"),
        (
            "keptn",
            {"query": "keptnmetric/a/{{workload}}"},
            "flagger",
            "would ask Prometheus instead: it is there since",
        ),
        ("cloudwatch", {"query": '[{"id": "{{app}}"'}, ROLLOUTS, "is not a list of MetricDataQueries"),
        (
            "new-relic",
            {"query": "SELECT 1 AS result SINCE 1 day ago {{revision}}"},
            "argo-rollouts",
            "leave 'SINCE' out",
        ),
        ("new-relic", {"query": "SELECT 1 WHERE v = '{{revision}}'"}, ROLLOUTS, "SELECT ... AS result"),
        (
            {"kind": "graphite", "address": "http://g"},
            {"query": "target={{workload}}"},
            "argo-rollouts",
            "target alone",
        ),
        ({"kind": "web", "address": "http://w"}, {"query": "/{{revision}}"}, ROLLOUTS, "always_json"),
        (
            {"kind": "job", "image": "a/b:1"},
            {"query": NARROW},
            "argo-rollouts",
            "'job' decides otherwise: leave it out",
        ),
        (KAYENTA, {"query": "c", "min": None, "max": 9}, ROLLOUTS, "'kayenta' decides otherwise: `min`"),
        (
            {"kind": "wavefront", "address": "w.example.com"},
            {"query": NARROW, "min": None, "max": 1},
            "argo-rollouts",
            "0",
        ),
    ],
)
def test_what_would_pass_or_ask_the_wrong_one_is_refused(
    tmp_path: Path, metrics: Any, check: dict[str, Any], engine: str, message: str
) -> None:
    found = project(tmp_path, metrics, {**QUERY, **check}, engine).messages()
    assert any(message in one for one in found), found


ELSEWHERE = "http://prometheus.example.com:9090"
FOUND_LATE = "is too short for new pods, which are found within"
SOON_ENOUGH = {
    "the platform's server, scraping every 2s": ({"scrape_interval": "2s"}, "10s"),
    "a short name of it": ({"address": "http://prometheus.monitoring:9090", "scrape_interval": "2s"}, "10s"),
    "one of one's own": ({"address": ELSEWHERE, "scrape_interval": "2s"}, "14s"),
    "one that is told to be quick": ({"address": ELSEWHERE, "scrape_interval": "2s", "finds_pods_within": "6s"}, "10s"),
    "one that scrapes often": ({"address": ELSEWHERE, "scrape_interval": "1s"}, "12s"),
    "one that is slow": ({"scrape_interval": "5s", "finds_pods_within": "1m"}, "1m10s"),
}


@pytest.mark.parametrize("case", SOON_ENOUGH)
def test_an_interval_in_which_new_pods_have_no_two_samples_is_refused_with_the_least_that_works(
    tmp_path: Path, case: str
) -> None:
    options, least = SOON_ENOUGH[case]
    metrics, check = {"kind": "prometheus", **options}, {"kind": "error_rate", "max": "1%"}
    shorter = str(Duration(Duration.parse(least).milliseconds - 1000))

    assert project(tmp_path / "least", metrics, check, interval=least).messages() == []
    [message] = project(tmp_path / "shorter", metrics, check, interval=shorter).messages()
    if least == "10s":
        assert message.endswith("must be at least 10s: shorter windows hold too few samples")
    else:
        assert f"delivery.analysis.interval: {shorter} {FOUND_LATE}" in message
        assert message.endswith(f"at least {least}")


def test_of_two_reasons_for_a_longer_interval_the_least_that_works_keeps_both(tmp_path: Path) -> None:
    metrics = {"kind": "prometheus", "address": ELSEWHERE, "scrape_interval": "4s"}
    [message] = project(tmp_path, metrics, {"kind": "error_rate", "max": "1%"}, interval="15s").messages()
    assert message.endswith("15s is too short for a scrape interval of 4s: at least 18s")


SINCE = {
    "keptn": ("1.38.0", "1.37.0", "keptn", "keptnmetric/a/{{workload}}"),
    "splunk": (
        "1.40.0",
        "1.39.0",
        {"kind": "splunk", "address": "https://s"},
        "data('q', filter=filter('version', '{{revision}}')).publish()",
    ),
}
"""Source: Flagger's change log."""


@pytest.mark.parametrize("kind", SINCE)
def test_the_first_flagger_that_knows_a_provider_is_taken_and_the_one_before_is_refused(
    tmp_path: Path, kind: str
) -> None:
    since, before, metrics, query = SINCE[kind]
    check = {**QUERY, "query": query}

    assert project(tmp_path / "since", metrics, check, {"kind": "flagger", "version": since}).messages() == []
    [message] = project(tmp_path / "before", metrics, check, {"kind": "flagger", "version": before}).messages()
    assert (
        f"Flagger {before} does not know '{kind}' and would ask Prometheus instead: it is there since {since}"
        in message
    )


@pytest.mark.parametrize("kind", ["error_rate", "latency"])
def test_a_provider_without_the_routers_figures_asks_for_a_query(tmp_path: Path, kind: str) -> None:
    limit = "1%" if kind == "error_rate" else "1s"
    [found] = project(tmp_path, "datadog", {"kind": kind, "max": limit}).messages()
    assert "write a `query` check in its language, or ask another provider: prometheus" in found


def test_a_window_shorter_than_a_period_is_refused(tmp_path: Path) -> None:
    check = {**QUERY, "query": '[{"id": "a", "expression": "{{revision}}", "period": 60}]'}
    [found] = project(tmp_path, "cloudwatch", check, interval="30s").messages()
    assert "30s is too short for CloudWatch: at least 1m" in found


def test_a_stuck_job_is_a_failed_check_and_is_not_tried_again(tmp_path: Path) -> None:
    check = {"kind": "query", "name": "smoke", "query": "test {{service}}"}
    made = project(tmp_path, {"kind": "job", "image": "a/b:1"}, check).compile()[0].manifests
    [metric] = only(made, "AnalysisTemplate")["spec"]["metrics"]
    job = metric["provider"]["job"]["spec"]
    assert (job["activeDeadlineSeconds"], job["backoffLimit"]) == (60, 0)
    assert job["template"]["spec"]["containers"][0]["command"] == ["/bin/sh", "-ec", "test shop-canary"]


def test_no_secret_is_in_a_manifest(tmp_path: Path) -> None:
    headers = {"Authorization": {"secret": "api", "key": "token"}}
    web = {"kind": "web", "address": "http://w", "always_json": True, "headers": headers}
    made = project(tmp_path, web, {**QUERY, "query": "/{{revision}}"}).compile()[0].manifests
    template = only(made, "AnalysisTemplate")["spec"]
    assert {"name": "web-authorization", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}} in template[
        "args"
    ]
    [sent] = template["metrics"][0]["provider"]["web"]["headers"]
    assert sent == {"key": "Authorization", "value": "{{args.web-authorization}}"}
