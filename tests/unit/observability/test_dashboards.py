"""Dashboards: what is on them, and that Grafana's own SDK reads them without losing anything."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as Model

from components.compile import check_app
from components.observability.dashboard import Dashboard, Panel, all_dashboards
from components.observability.series import PHASE
from components.observability.watched import Watched
from components.platform.piece import watched_by
from components.platform.pieces import grafana
from components.spec import promql
from components.spec.load import load_stack
from tests.specs import EXAMPLES, SCENARIOS, Project, changed, example_app, stack_keys

LARGEST_OBJECT = 1_048_576
"""Bytes. Source: kubernetes.io/docs/concepts/configuration/configmap."""

register_default_plugins()


def example(scenario: str) -> Watched:
    root = EXAMPLES / scenario
    loaded = load_stack(root, root / "stacks/Pulumi.example.yaml", check_app)
    return watched_by(loaded.spec, [app.spec for app in loaded.apps])


def of_apps(root: Path, *apps: dict[str, Any], **delivery: Any) -> Watched:
    project = Project(root)
    keys = stack_keys()
    project.stack({**keys, "delivery": {**keys["delivery"], **delivery}, "platform": {"grafana": {"install": True}}})
    project.apps(*apps)
    loaded = project.load()
    return watched_by(loaded.spec, [app.spec for app in loaded.apps])


def panels(watched: Watched, name: str) -> dict[str, Panel]:
    [found] = [one for one in all_dashboards(watched) if one.name == name]
    return {panel.title: panel for panel in found.panels}


def lost(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """What of ours is missing, or different, in theirs."""
    if isinstance(ours, dict):
        return [
            place for key, value in ours.items() for place in lost(value, dict(theirs or {}).get(key), f"{path}.{key}")
        ]
    if isinstance(ours, list):
        pairs = zip(ours, theirs or [None] * len(ours), strict=True)
        return [place for index, (one, other) in enumerate(pairs) for place in lost(one, other, f"{path}[{index}]")]
    return [] if ours == theirs else [f"{path}: {ours!r} became {theirs!r}"]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_grafanas_own_sdk_reads_all_of_every_dashboard(scenario: str) -> None:
    for made in all_dashboards(example(scenario)):
        read = json.loads(JSONEncoder().encode(Model.from_json(json.loads(made.text))))
        assert lost(json.loads(made.text), read) == [], made.name


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_query_is_promql_and_every_dashboard_fits_into_an_object(scenario: str) -> None:
    made = list(all_dashboards(example(scenario)))
    for one in made:
        for panel in one.panels:
            for target in panel.targets:
                assert promql.selectors(target.expression), f"{one.name}, {panel.title}"
        assert len(one.text.encode()) < LARGEST_OBJECT / 2
    assert len({one.uid for one in made}) == len(made)
    assert all(len(one.uid) <= 40 for one in made)


def test_a_long_name_gets_an_address_of_its_own() -> None:
    one, other = (Dashboard(f"app-{'a' * 47}{last}", "", ()).uid for last in "bc")
    assert one != other
    assert len(one) == 40


def test_every_check_is_shown_against_its_limit(tmp_path: Path) -> None:
    checks = [
        {"kind": "error_rate", "max": "2%"},
        {"kind": "latency", "quantile": "p95", "max": "250ms"},
        {"kind": "memory", "max": "400Mi"},
        {"kind": "query", "name": "depth", "query": 'max(queue_depth{pod=~"{{pods}}"})', "min": 1, "max": 100},
    ]
    app = changed(example_app(), "delivery", "analysis", "checks", to=checks)
    there = of_apps(tmp_path, app, metrics={"kind": "prometheus", "kube_metrics": True})
    found = panels(there, f"app-{app['name']}")
    assert (found["Errors"].limit, found["Errors"].unit) == (2, "percent")
    assert (found["Latency, p95"].limit, found["Latency, p95"].unit) == (250, "ms")
    assert (found["memory"].limit, found["memory"].unit) == (400 * 2**20, "bytes")
    assert (found["depth"].least, found["depth"].limit) == (1, 100)
    # Which pods are the new version's is not known beforehand: it is chosen above the panels.
    [depth] = found["depth"].targets
    assert f'pod=~"{app["name"]}-$hash-' in depth.expression
    [dashboard] = [one for one in all_dashboards(there) if one.name.startswith("app-")]
    assert [variable.name for variable in dashboard.variables] == ["hash"]


def test_flaggers_pods_are_known_beforehand(tmp_path: Path) -> None:
    query = {"kind": "query", "name": "depth", "query": 'max(queue_depth{pod=~"{{pods}}"})', "max": 100}
    app = changed(example_app("both-engines"), "delivery", "analysis", "checks", to=[query])
    app = changed(app, "delivery", "steps", to=[{"weight": 50, "hold": "5m"}])
    there = of_apps(tmp_path, changed(app, "delivery", "engine", to="flagger"), other_engines=["flagger"])
    [depth] = panels(there, f"app-{app['name']}")["depth"].targets
    [selector] = promql.selectors(depth.expression)
    [(_, _, pattern)] = selector.matchers
    assert re.fullmatch(pattern, f"{app['name']}-7d4f9c5b6d-x2k4p")
    assert not re.fullmatch(pattern, f"{app['name']}-primary-7d4f9c5b6d-x2k4p")


def test_flagger_tells_weights_and_answers_itself(tmp_path: Path) -> None:
    there = example("both-engines")
    found = panels(there, "app-shop")
    asked = [target.expression for target in found["Who gets the requests"].targets]
    assert any("flagger_canary_weight" in one for one in asked)
    [answers] = found["Answers to the checks"].targets
    assert answers.expression == 'flagger_canary_metric_analysis{name="shop"}'


def test_there_is_a_dashboard_of_every_engine_that_is_installed() -> None:
    names = [one.name for one in all_dashboards(example("both-engines"))]
    assert {"stack", "controller-argo-rollouts", "controller-flagger", "app-reports", "app-shop"} == set(names)


def test_the_phase_has_a_word_for_every_number() -> None:
    [panel] = [one for one in panels(example("both-engines"), "stack").values() if one.kind == "state-timeline"]
    assert [target.expression for target in panel.targets] == [PHASE]
    assert [number for number, _, _ in panel.names] == [1, 2, 3, 4, 5]


def test_the_pod_reads_the_dashboards_of_all_apps(tmp_path: Path) -> None:
    other = {**example_app(), "name": "other", "namespace": "other", "traffic": {"hosts": ["other.example.com"]}}

    def deployment(folder: str, *apps: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        made = [item for stage in grafana.watching(of_apps(tmp_path / folder, *apps)) for item in stage]
        [found] = [item for item in made if item["kind"] == "Deployment"]
        return found["spec"]["template"], {one["metadata"]["name"] for one in made if one["kind"] == "ConfigMap"}

    app = example_app()
    slower = changed(app, "delivery", "analysis", "checks", to=[{"kind": "error_rate", "max": "3%"}])
    before, _ = deployment("before", app)
    assert deployment("changed", slower)[0] == before, "a changed dashboard is read again by itself"
    after, objects = deployment("after", app, other)
    [volume] = [one for one in after["spec"]["volumes"] if one["name"] == "shown"]
    mounted = {one["configMap"]["name"] for one in volume["projected"]["sources"]}
    assert mounted == objects - {"grafana"}
    assert f"grafana-app-{other['name']}" in mounted
