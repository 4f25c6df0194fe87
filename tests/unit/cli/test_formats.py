"""The forms in which `coalmine check` says what it found: where a finding stands, what other programs make of it."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as Log

from components.cli import formats
from components.cli.formats.github import command
from components.cli.positions import Positions, Spot, steps
from policies.exemptions import NOTES
from policies.facts import Kind, KubeObject
from policies.fields import field_of
from policies.registry import discover
from policies.rule import Enforcement, Violation

from .test_check import METRICS, check, data, exempted, rollout, template, write

TEXT = dedent(
    """\
    # Of two releases.
    ---
    apiVersion: v1
    kind: List
    items:
      - apiVersion: v1
        kind: Service
      - {apiVersion: v1, kind: Rollout, spec: {steps: [{setWeight: 5}, {setWeight: 50}]}}
    ---
    common: &common
      replicas: 1
    spec:
      <<: *common
      paused: true
    """
)


@pytest.mark.parametrize(
    ("document", "place", "spot"),
    [
        (1, "", Spot(3, 1)),
        (1, "items[0]", Spot(6, 5)),
        (1, "items[0].kind", Spot(7, 5)),
        (1, "items[1].spec.steps[1].setWeight", Spot(8, 69)),
        (1, "items[0].spec.replicas", Spot(6, 5)),
        (1, "items[7]", Spot(5, 1)),
        (2, "spec.paused", Spot(14, 3)),
        (2, "spec.replicas", Spot(11, 3)),
    ],
)
def test_a_spot_is_that_of_the_nearest_thing_that_is_there(document: int, place: str, spot: Spot) -> None:
    assert Positions(TEXT).spot(document, steps(place)) == spot


SUBJECT = KubeObject(Kind("apps", "Deployment"), "shop", "shop", {"spec": {"template": {"spec": {"x": [1]}}, "a": 1}})


@pytest.mark.parametrize(
    ("found", "fix", "field"),
    [
        ("spec.a is 1, the limit is 2.5", "set spec.template.spec.x[0] to 2", "spec.a"),
        ("it is 1", "set spec.template.spec.x[0] to 2", "spec.template.spec.x[0]"),
        ("spec.template.spec.y is absent", "set it", "spec.template.spec"),
        ("spec.b is absent", "set it", ""),
        ("nothing is named, e.g. in Service shop/shop.example.com", "set delivery.steps[0].weight", ""),
    ],
)
def test_a_finding_s_field_is_the_first_that_it_names_and_the_object_has(found: str, fix: str, field: str) -> None:
    assert field_of(SUBJECT, Violation(found, fix)) == field


def test_json_names_the_line_of_the_field_and_else_of_the_object(tmp_path: Path) -> None:
    file = write(tmp_path, template(METRICS[0]), rollout(25))
    lines = file.read_text().splitlines()
    found = {one["rule"]: one for one in data(file)["violations"]}
    weight = found["first-step-weight"]
    assert lines[weight["line"] - 1].strip() == "- setWeight: 25"
    assert weight["field"] == "spec.strategy.canary.steps[0].setWeight"
    both = found["error-rate-and-latency"]
    assert (lines[both["line"] - 1], lines[both["line"] - 2], both["field"]) == (
        "apiVersion: argoproj.io/v1alpha1",
        "---",
        "",
    )


def sarif(*arguments: str | Path, given: str = "") -> tuple[int, dict[str, Any]]:
    """Exit code and what SARIF says, which its schema allows."""
    code, lines, _ = check(*arguments, "--format", "sarif", given=given)
    text = "\n".join(lines)
    Log.model_validate_json(text)
    log: dict[str, Any] = json.loads(text)
    [run] = log["runs"]
    return code, run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_sarif_holds_every_rule_that_is_asked_and_what_it_found(here: Path) -> None:
    file = write(here, template(METRICS[0]), rollout(25), name="a folder/shop 100%.yaml")
    code, run = sarif(file)
    driver = run["tool"]["driver"]
    assert code == 1
    every = {**discover(), **{note.id: note for note in NOTES}}
    assert [one["id"] for one in driver["rules"]] == list(every)
    for described in driver["rules"]:
        rule = every[described["id"]]
        assert described["shortDescription"]["text"] == rule.title
        assert described["fullDescription"]["text"] == rule.why
        assert described["help"]["text"].startswith(rule.fix)
        level = "error" if rule.enforcement is Enforcement.MANDATORY else "warning"
        assert described["defaultConfiguration"]["level"] == level
        assert (described["properties"]["severity"], described["properties"]["code"]) == (rule.severity, rule.code)
        assert rule.code in described["properties"]["tags"]
        assert described["name"].isidentifier()
    refused, advised = run["results"]
    assert (refused["ruleId"], refused["level"]) == ("first-step-weight", "error")
    assert (advised["ruleId"], advised["level"]) == ("error-rate-and-latency", "warning")
    assert [driver["rules"][one["ruleIndex"]]["id"] for one in run["results"]] == [
        one["ruleId"] for one in run["results"]
    ]
    [location] = refused["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {
        "uri": "a%20folder/shop%20100%25.yaml",
        "uriBaseId": "%SRCROOT%",
    }
    begins = location["physicalLocation"]["region"]
    line = file.read_text().splitlines()[begins["startLine"] - 1]
    assert line[begins["startColumn"] - 1 :] == "setWeight: 25"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "Rollout shop/shop"
    assert run["invocations"][0]["executionSuccessful"]


def test_a_fingerprint_outlives_moved_lines_and_other_values_and_tells_findings_apart(here: Path) -> None:
    def prints(*objects: Any) -> list[str]:
        _, run = sarif(write(here, *objects), "--namespace", "shop")
        found = [next(iter(one["partialFingerprints"].values())) for one in run["results"]]
        assert len(set(found)) == len(found), "two findings would be taken for one"
        return found

    before = prints(rollout(25), template({"name": "a"}, {"name": "b"}))
    assert len(before) > 2
    assert prints(template({"name": "a"}, {"name": "b"}), rollout(20)) != []
    assert sorted(prints(template({"name": "a"}, {"name": "b"}), rollout(20))) == sorted(before)


def test_what_is_exempted_is_suppressed_in_sarif_with_who_and_why(here: Path) -> None:
    day = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    config = here / "config.json"
    entry = {"rule": "error-rate-and-latency", "objects": ["Rollout shop/shop"], "owner": "site", "reason": "old"}
    config.write_text(json.dumps({"exemptions": {"entries": [{**entry, "until": day}]}}))
    code, run = sarif(write(here, exempted(rollout(25), day), template(METRICS[0])), "--config", config)
    assert (code, [one["ruleId"] for one in run["results"]]) == (0, ["first-step-weight", "error-rate-and-latency"])
    assert [one["suppressions"] for one in run["results"]] == [
        [{"kind": "inSource", "justification": f"shop until {day}: the router comes in spring"}],
        [{"kind": "external", "justification": f"site until {day}: old"}],
    ]


def test_sarif_leaves_out_the_rules_that_are_off_and_takes_the_levels_that_are_set(here: Path) -> None:
    config = here / "config.json"
    config.write_text('{"weight-jump": "disabled", "first-step-weight": "advisory"}')
    code, run = sarif(write(here, rollout(25), template()), "--config", config)
    rules = {one["id"]: one for one in run["tool"]["driver"]["rules"]}
    assert code == 0
    assert "weight-jump" not in rules
    assert rules["first-step-weight"]["defaultConfiguration"]["level"] == "warning"
    assert run["results"][0]["level"] == "warning"


def test_sarif_says_that_nothing_could_be_judged_or_was(here: Path) -> None:
    (here / "bad.yaml").write_text("a: [")
    code, run = sarif(here / "bad.yaml")
    [invocation] = run["invocations"]
    assert (code, run["results"], invocation["executionSuccessful"]) == (2, [], False)
    [said] = invocation["toolExecutionNotifications"]
    assert "not valid YAML" in said["message"]["text"]
    assert said["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "bad.yaml"
    code, run = sarif(write(here, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}))
    [said] = run["invocations"][0]["toolExecutionNotifications"]
    assert (code, "no rule was evaluated" in said["message"]["text"]) == (1, True)


def test_what_came_by_standard_input_is_in_no_file_and_what_lies_elsewhere_in_one_by_its_whole_path(here: Path) -> None:
    _, run = sarif("-", given=yaml.safe_dump(rollout(25)))
    [location] = run["results"][0]["locations"]
    assert list(location) == ["logicalLocations"]
    (here / "inside").mkdir()
    file = write(here, rollout(25))
    os.chdir(here / "inside")
    _, run = sarif(file)
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": f"file://{file}"}


def test_github_gets_a_command_for_each_finding_at_its_line(here: Path) -> None:
    file = write(here, template(METRICS[0]), rollout(25))
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "setWeight: 25" in text)
    code, lines, _ = check(file, "--format", "github")
    assert code == 1
    assert lines[0] == (
        f"::error file=shop.yaml,line={line},col=9,title=S2 first-step-weight::Rollout shop/shop: the first weight is "
        "25 %25, the limit is 10 %25; set spec.strategy.canary.steps[0].setWeight to 10 or less"
    )
    assert lines[1].startswith("::warning file=shop.yaml,line=")
    assert lines[2].endswith(": refused by first-step-weight")
    assert len(lines) == 3


def test_nothing_that_is_named_in_a_file_ends_a_command_or_begins_another(here: Path) -> None:
    bad = rollout(25)
    bad["metadata"]["name"] = "a\n::stop-commands::x%0A"
    file = write(here, bad, template(), name="a,b:c.yaml")
    _, lines, _ = check(file, "--format", "github")
    assert all(
        line.startswith(("::error file=a%2Cb%3Ac.yaml,", "::warning file=a%2Cb%3Ac.yaml,")) for line in lines[:-1]
    )
    assert "a%0A::stop-commands::x%250A" in lines[0]
    assert command("error", {"title": "a:b,c%d\r"}, "x:,%\r\n") == "::error title=a%3Ab%2Cc%25d%0D::x:,%25%0D%0A"


def test_github_is_told_what_could_not_be_judged_and_that_nothing_was(here: Path) -> None:
    (here / "bad.yaml").write_text("a: [")
    code, lines, errors = check(here / "bad.yaml", "--format", "github")
    assert (code, len(lines), len(errors)) == (2, 1, 1)
    assert lines[0].startswith("::error file=bad.yaml,title=cannot be judged::line 2, column 1: not valid YAML: ")
    nothing = write(here, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    code, lines, _ = check(nothing, "--format", "github")
    assert (code, lines[0].startswith("::error title=nothing was judged::0 evaluations")) == (1, True)
    code, lines, _ = check(nothing, "--format", "github", "--allow-nothing")
    assert (code, len(lines)) == (0, 1)
    code, lines, _ = check("-", "--format", "github", given=yaml.safe_dump(rollout(25)))
    assert lines[0].startswith("::error title=S2 first-step-weight::Rollout shop/shop")


@pytest.mark.parametrize("name", formats.names())
def test_every_format_ends_the_check_alike(here: Path, name: str) -> None:
    """Also one that is added as a file: what passes, what is refused, what cannot be read."""
    good, bad = write(here, rollout(), template()), write(here, rollout(25), template(), name="bad.yaml")
    (here / "unreadable.yaml").write_text("a: [")
    assert [check(file, "--format", name)[0] for file in (good, bad, "unreadable.yaml")] == [0, 1, 2]
    assert check("unreadable.yaml", "--format", name)[2] == check("unreadable.yaml")[2]


def test_a_format_is_found_by_being_there() -> None:
    assert formats.names() == ["github", "json", "sarif", "text"]
