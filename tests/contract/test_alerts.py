"""Every alert fires where it should and nowhere else: Prometheus' own promtool plays the series of alert_cases.py."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.observability.alert import Alert, all_alerts
from components.observability.rules import rule_files
from components.observability.signals import known_engines, signals_of
from components.observability.watched import Watched
from components.platform.piece import watched_by
from components.spec import promql
from components.spec.registry import kinds
from localcluster.tools import tool_path
from localcluster.tools.modules import module_dir

from .alert_cases import CASES, INTERVAL_SECONDS, Case
from .platform_stacks import BOTH_ENGINES, stack

ALERTS = {alert.name: alert for alert in all_alerts()}
STATES = {"ReleaseAborted": "aborted", "ReleaseStuck": "running", "ReleaseWaiting": "waiting", "AppNotReady": "unready"}
"""Of an alert about a state, the state, which is a label of it."""
_OWN = ("coalmine_", "up", "istio_", "ALERTS")
_PARTS = re.compile(r"_(bucket|count|sum)$")


def look() -> Watched:
    loaded = stack(BOTH_ENGINES)
    return watched_by(loaded.spec, [app.spec for app in loaded.apps])


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rule files of the example."""
    folder = tmp_path_factory.mktemp("rules")
    for name, text in rule_files(look()).items():
        (folder / name).write_text(text)
    return folder


def promtool(*arguments: str | Path) -> str:
    """What it says. Raises AssertionError with that where it is not content."""
    done = subprocess.run([tool_path("promtool"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_finds_nothing_wrong_with_the_rules(rules: Path) -> None:
    promtool("check", "rules", *sorted(rules.glob("*.yaml")))


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_every_alert_is_played_both_ways(name: str) -> None:
    played = {bool(case.fires) for case in CASES if case.alert == name}
    assert played == {True, False}, f"{name} lacks a case that fires or one that does not"


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_an_alert_fires_where_it_should_alone(name: str, rules: Path) -> None:
    played = {
        "rule_files": [str(path) for path in sorted(rules.glob("*.yaml"))],
        "evaluation_interval": f"{INTERVAL_SECONDS}s",
        # What is recorded of apps and releases, then what looks at it.
        "group_eval_order": group_order(rules),
        "tests": [as_test(case) for case in CASES if case.alert == name],
    }
    file = rules / f"{name}.test"
    file.write_text(yaml.safe_dump(played))
    promtool("test", "rules", file)


def as_test(case: Case) -> dict[str, Any]:
    """A case as promtool reads it."""
    looked = {"eval_time": case.at, "alertname": case.alert, "exp_alerts": list(expected(case))}
    return {
        "name": case.situation,
        "interval": f"{INTERVAL_SECONDS}s",
        "input_series": [{"series": series, "values": samples} for series, samples in case.series],
        "alert_rule_test": [looked],
    }


def group_order(rules: Path) -> list[str]:
    names = [group["name"] for path in rules.glob("*.yaml") for group in yaml.safe_load(path.read_text())["groups"]]
    return sorted(names, key=lambda name: ("alerts" in name, name))


def expected(case: Case) -> Iterator[dict[str, Any]]:
    alert = ALERTS[case.alert]
    for labels in case.fires:
        state = {"state": _state(case)} if "app" in labels else {}
        told = {**labels, **state, "severity": alert.severity}
        yield {"exp_labels": told, "exp_annotations": said(alert, told)}


def _state(case: Case) -> str:
    if case.alert in STATES:
        return STATES[case.alert]
    return "unanswered" if "no answer" in case.situation else "judged"


def said(alert: Alert, labels: Mapping[str, str]) -> dict[str, str]:
    """The annotations, filled in."""
    texts = {"summary": alert.summary, "description": alert.description}
    filled = {
        key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda name: labels[name[1]], text) for key, text in texts.items()
    }
    return {**filled, "runbook_url": f"docs/runbooks/{alert.page}"}


def test_every_engine_has_signals() -> None:
    assert known_engines() == sorted(kinds("engine"))


@pytest.mark.parametrize("engine", known_engines())
def test_the_controller_reports_the_metrics_that_are_read(engine: str) -> None:
    """Each name, or its end behind a prefix of the controller's, stands in its pinned source."""
    module = module_dir(engine)
    folders = {"argo-rollouts": "controller/metrics", "flagger": "pkg"}
    sources = "\n".join(path.read_text() for path in (module / folders[engine]).rglob("*.go"))
    signals = signals_of(engine)
    told = [value for value in vars(signals).values() if isinstance(value, str) and value]
    told += [expression for _, _, expression, _ in signals.work]
    told = [text.replace("{app}", "app") for text in told]
    names = {_PARTS.sub("", one.metric) for text in told for one in promql.selectors(text)}
    read = {name for name in names if not name.startswith(_OWN)}
    assert read
    prefixes = ("flagger_", "controller_clientset_")
    missing = [
        name for name in read if not any(f'"{name.removeprefix(prefix)}"' in sources for prefix in ("", *prefixes))
    ]
    assert missing == []
