"""In the middle of a release every panel has data and every rule its metrics; then people hear of the bad ones."""

import pytest

from components.observability.watched import Watched

from .project import Project
from .prometheus import query
from .rig import Rig
from .scenarios import BY_FLAGGER, BY_PULUMI, FLAGGER_GOOD, GOOD, Scenario
from .watching import middle_of, panels, rules, unknown_metrics, written_rules

RELEASED = pytest.mark.parametrize("scenario", [GOOD, FLAGGER_GOOD], ids=lambda one: one.name)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The stack of the rig."""
    project = Project(tmp_path_factory.mktemp("watched") / "pulumi", BY_PULUMI + BY_FLAGGER)
    return project.watched(project.candidate())


@RELEASED
def test_every_panel_has_data_in_the_middle_of_a_release(rig: Rig, watched: Watched, scenario: Scenario) -> None:
    asked = dict(panels(rig.cluster, watched, scenario.name, middle_of(rig.played[scenario.name])))
    assert [panel for panel, series in asked.items() if not series] == []
    # Both versions, side by side.
    titles = ("Who gets the requests", "Requests", "Errors", "Latency, p99")
    assert {title: asked[f"app-{scenario.name}, {title}, 1"] for title in titles} == dict.fromkeys(titles, 2)


@RELEASED
def test_every_metric_that_a_rule_looks_at_is_there(rig: Rig, watched: Watched, scenario: Scenario) -> None:
    assert unknown_metrics(rig.cluster, watched, middle_of(rig.played[scenario.name])) == []


def test_the_server_evaluates_every_rule(rig: Rig, watched: Watched) -> None:
    found = rules(rig.cluster)
    assert len(found) == len(written_rules(watched))
    assert [f"{rule['name']}: {rule.get('lastError', '')}" for rule in found if rule["health"] != "ok"] == []


def test_people_hear_of_the_releases_that_were_taken_back_and_of_no_others(rig: Rig) -> None:
    played = {one.name: rig.played[one.name] for one in (*BY_PULUMI, *BY_FLAGGER)}
    firing = query(rig.cluster, 'ALERTS{alertname="ReleaseAborted", alertstate="firing"}', rig.over)
    assert {one["metric"]["app"] for one in firing} == {name for name, one in played.items() if one.taken_back}
    assert {one["metric"]["owner"] for one in firing} == {"team-delivery"}
    down = query(rig.cluster, 'ALERTS{alertname=~"ControllerDown|NothingScraped"}', rig.over)
    assert down == [], "a controller is not scraped"
