"""Alerts and recording rules: what they are made of, when they fire, where they point."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.compile import check_app
from components.observability.alert import all_alerts
from components.observability.rules import packed, rule_files
from components.observability.watched import Watched
from components.platform.piece import watched_by
from components.platform.pieces import prometheus
from components.spec import promql
from components.spec.load import LoadedStack, load_stack
from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT, SCENARIOS, Project, changed, example_app, stack_keys

RUNBOOKS = ROOT / "docs" / "runbooks"


def look(loaded: LoadedStack) -> Watched:
    return watched_by(loaded.spec, [app.spec for app in loaded.apps])


def project(root: Path, *apps: dict[str, Any], **platform: Any) -> Project:
    made = Project(root)
    made.stack({**stack_keys(), "platform": platform})
    made.apps(*apps)
    return made


def rules_of(watched: Watched) -> list[dict[str, Any]]:
    files = [yaml.safe_load(text) for text in rule_files(watched).values()]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts_named(watched: Watched, name: str) -> list[dict[str, Any]]:
    return [rule for rule in rules_of(watched) if rule.get("alert") == name]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_rule_of_every_example_is_promql_about_metrics_that_are_known_beforehand(scenario: str) -> None:
    root = EXAMPLES / scenario
    for rule in rules_of(look(load_stack(root, root / "stacks/Pulumi.example.yaml", check_app))):
        assert promql.selectors(rule["expr"]) or rule["expr"] == "vector(1)", rule
        # What the engine fills in when it starts an analysis is not there for a rule.
        assert "{{" not in rule["expr"], rule


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    pages = {path.name: path.read_text().splitlines()[0] for path in RUNBOOKS.glob("*.md")}
    assert pages == {alert.page: f"# {alert.name}" for alert in all_alerts()}


def test_the_page_about_what_is_watched_has_every_alert_and_every_record(tmp_path: Path) -> None:
    text = (ROOT / "docs/concepts/observability.md").read_text()
    rows = [f"| [{alert.name}](../runbooks/{alert.page}) | {alert.severity} |" for alert in all_alerts()]
    assert [row for row in rows if row not in text] == []
    records = {rule["record"] for rule in rules_of(look(project(tmp_path, example_app()).load())) if "record" in rule}
    assert set(re.findall(r"^\| `(coalmine_\w+)", text, re.MULTILINE)) == records


def test_an_alert_points_to_its_page_where_the_pages_are_published(tmp_path: Path) -> None:
    there = look(project(tmp_path, example_app(), prometheus={"runbooks": "https://docs.example.com/runbooks/"}).load())
    [rule] = alerts_named(there, "ReleaseAborted")
    assert rule["annotations"]["runbook_url"] == "https://docs.example.com/runbooks/release-aborted.md"


def test_commands_in_runbooks_and_alerts_are_verbs() -> None:
    texts = [path.read_text() for path in RUNBOOKS.glob("*.md")]
    texts += [f"{alert.summary} {alert.description}" for alert in all_alerts()]
    verbs = {verb for text in texts for verb in re.findall(r"`coalmine (\S+)", text)}
    assert verbs <= {path.stem for path in (ROOT / "components/cli").glob("*.py")}


def test_a_release_is_stuck_after_its_holds_and_its_deadline(tmp_path: Path) -> None:
    app = changed(example_app(), "delivery", "rollback", to={"deadline": "7m"})
    app = changed(app, "delivery", "steps", to=[{"weight": 5, "hold": "10m"}, {"weight": 50, "hold": "20m"}])
    [stuck] = alerts_named(look(project(tmp_path, app).load()), "ReleaseStuck")
    assert stuck["for"] == "37m"
    assert "waiting" not in stuck["expr"]


def test_a_release_that_may_wait_for_people_is_not_stuck_while_it_does(tmp_path: Path) -> None:
    app = changed(example_app(), "delivery", "steps", 0, "approval", to=True)
    [stuck] = alerts_named(look(project(tmp_path, app).load()), "ReleaseStuck")
    assert 'unless on (namespace, app)\ncoalmine_release{state="waiting"' in stuck["expr"]


def test_people_are_reminded_when_the_stack_says(tmp_path: Path) -> None:
    there = look(project(tmp_path, example_app(), prometheus={"remind_after": "20m"}).load())
    [waiting] = alerts_named(there, "ReleaseWaiting")
    assert waiting["for"] == "20m"


def test_every_app_is_recorded_with_its_owner(tmp_path: Path) -> None:
    other = {**example_app(), "name": "other", "namespace": "other", "traffic": {"hosts": ["other.example.com"]}}
    there = look(project(tmp_path, example_app(), other).load())
    found = [rule["labels"] for rule in rules_of(there) if rule.get("record") == "coalmine_app_info"]
    assert [(one["app"], one["engine"], one["owner"]) for one in found] == [
        (name, "argo-rollouts", example_app()["owner"]) for name in sorted(["other", example_app()["name"]])
    ]


def test_what_is_recorded_reckons_like_the_checks(tmp_path: Path) -> None:
    """The same shape of the query, of all versions at once."""
    made = project(tmp_path, example_app())
    [compiled] = made.compile()
    template = next(one for one in compiled.manifests if one["kind"] == "AnalysisTemplate")
    checks = {one["name"]: one["provider"]["prometheus"]["query"] for one in template["spec"]["metrics"]}
    recorded = {rule["record"]: rule["expr"] for rule in rules_of(look(made.load())) if "record" in rule}
    pairs = {"error-rate": "coalmine_error_percent", "latency-p99": "coalmine_latency_milliseconds"}
    for check, record in pairs.items():
        asked, kept = (promql.selectors(text) for text in (checks[check], recorded[record]))
        assert {one.metric for one in asked} == {one.metric for one in kept}
        told = {("destination_version", "=", "{{args.revision}}")}
        assert {one.matchers - told for one in asked} == {
            frozenset(match for match in one.matchers if match[0] != "destination_version") for one in kept
        }


def test_files_are_put_into_as_few_objects_as_hold_them() -> None:
    packs = dict(packed("prometheus", {"a": "x" * 500_000, "b": "x" * 400_000, "c": "x" * 10}))
    assert {name: list(data) for name, data in packs.items()} == {
        "prometheus-rules": ["a", "b"],
        "prometheus-rules-2": ["c"],
    }


def test_changed_rules_leave_the_server_running(tmp_path: Path) -> None:
    """New pods would lack the samples that releases which go on are judged by."""

    def made(folder: str, interval: str) -> list[dict[str, Any]]:
        app = changed(example_app(), "delivery", "analysis", "interval", to=interval)
        there = look(project(tmp_path / folder, app).load())
        return [item for stage in prometheus.watching(there) for item in stage]

    before, after = made("before", "1m"), made("after", "90s")
    assert [one for one in before if one["kind"] == "Deployment"] == [
        one for one in after if one["kind"] == "Deployment"
    ]
    [old], [new] = ([one for one in each if one["metadata"]["name"] == "prometheus-rules"] for each in (before, after))
    assert old != new


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "http://alertmanager.monitoring:9093",
            {"scheme": "http", "static_configs": [{"targets": ["alertmanager.monitoring:9093"]}]},
        ),
        (
            "https://alerts.example.com/main",
            {"scheme": "https", "path_prefix": "/main", "static_configs": [{"targets": ["alerts.example.com"]}]},
        ),
    ],
)
def test_the_clusters_alertmanager_hears_of_alerts(tmp_path: Path, address: str, expected: dict[str, Any]) -> None:
    there = look(project(tmp_path, example_app(), prometheus={"alertmanager": address}).load())
    first, *_ = prometheus.watching(there)
    [config] = [
        one["data"]["prometheus.yml"] for one in first if one["metadata"]["name"] == "prometheus" and "data" in one
    ]
    assert yaml.safe_load(config)["alerting"] == {"alertmanagers": [expected]}


def test_rules_and_dashboards_are_written_for_servers_of_the_clusters_own(tmp_path: Path) -> None:
    made = project(tmp_path, example_app())
    done = coalmine("observe", "--stack", "test", "--out", "seen", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    there = look(made.load())
    written = {path.name: path.read_text() for path in (tmp_path / "seen/rules").glob("*.yaml")}
    assert written == dict(rule_files(there))
    assert (tmp_path / f"seen/dashboards/app-{example_app()['name']}.json").is_file()


def test_a_stack_that_asks_another_provider_gets_no_rules(tmp_path: Path) -> None:
    made = project(tmp_path, example_app())
    keys = stack_keys()
    made.stack({**keys, "delivery": {**keys["delivery"], "metrics": {"kind": "datadog"}}, "apps": []})
    done = coalmine("observe", "--stack", "test", "--out", "seen", cwd=tmp_path)
    assert done.returncode == 1
    assert "metrics 'datadog' take no rules of Prometheus" in done.stderr
    assert not (tmp_path / "seen").exists()
