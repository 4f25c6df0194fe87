"""`coalmine check`: what is judged, what it says, and that nothing passes because it was not read or not judged."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from components.cli import main
from components.spec.yaml_files import LARGEST_MANIFESTS
from policies.registry import discover
from policies.rollouts import ROLLOUT, TEMPLATE
from policies.rule import StackRule

STEPS = [{"setWeight": 5}, {"analysis": {"templates": [{"templateName": "shop"}]}}, {"setWeight": 30}]
STEPS += [{"pause": {"duration": "5m"}}, {"setWeight": 50}, {"pause": {"duration": "5m"}}]
METRICS = [{"name": name, "successCondition": "result < 1"} for name in ("error-rate", "latency-p99")]

RULES = [rule for rule in discover().values() if {ROLLOUT, TEMPLATE}.intersection(rule.kinds)]
EVALUATIONS = sum(
    1 if isinstance(rule, StackRule) else len({ROLLOUT, TEMPLATE}.intersection(rule.kinds)) for rule in RULES
)
COUNTED = f"{EVALUATIONS} evaluations ({len(RULES)} rules x 2 objects that they apply to)"
"""What is said of one Rollout and its template."""


def rollout(first: Any = 5, namespace: str | None = "shop", **spec: Any) -> dict[str, Any]:
    """A Rollout that keeps every rule, unless its first weight is too large."""
    steps = [{"setWeight": first}, *STEPS[1:]]
    body = {"replicas": 3, "workloadRef": {"kind": "Deployment", "name": "elsewhere"}, "progressDeadlineAbort": True}
    body |= {"strategy": {"canary": {"steps": steps}}, **spec}
    return _object("argoproj.io/v1alpha1", "Rollout", namespace, body)


def template(*metrics: Mapping[str, Any], namespace: str | None = "shop") -> dict[str, Any]:
    """The analysis of the Rollout."""
    return _object("argoproj.io/v1alpha1", "AnalysisTemplate", namespace, {"metrics": list(metrics or METRICS)})


def _object(api_version: str, kind: str, namespace: str | None, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": "shop"} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}


def write(folder: Path, *objects: Any, name: str = "shop.yaml") -> Path:
    """A file with a document for each object."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump_all(objects), encoding="utf-8")
    return file


def check(*arguments: str | Path, given: str = "") -> tuple[int, list[str], list[str]]:
    """Exit code, lines of standard output and of standard error; in this process, where a traceback would be raised."""
    line = ["coalmine", "check", *map(str, arguments)]
    out, err = io.StringIO(), io.StringIO()
    with patch.multiple(sys, argv=line, stdin=io.TextIOWrapper(io.BytesIO(given.encode())), stdout=out, stderr=err):
        try:
            main()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def data(*arguments: str | Path) -> dict[str, Any]:
    """What `--json` says."""
    found: dict[str, Any] = json.loads("\n".join(check(*arguments, "--json")[1]))
    return found


def test_good_manifests_pass_and_it_says_how_much_was_judged(tmp_path: Path) -> None:
    code, lines, errors = check(write(tmp_path, rollout(), template(), _object("v1", "Namespace", None, {})))
    assert lines == [f"{COUNTED} of 3 objects: passed"]
    assert (code, errors) == (0, [])


def test_a_violation_is_a_line_with_place_rule_object_reason_and_fix(tmp_path: Path) -> None:
    file = write(tmp_path, template(), rollout(25))
    code, lines, _ = check(file)
    assert code == 1
    assert lines == [
        f"{file}: document 2: refused by first-step-weight: Rollout shop/shop: the first weight is 25 %, "
        "the limit is 10 %; set spec.strategy.canary.steps[0].setWeight to 10 or less",
        f"{COUNTED} of 2 objects: refused by first-step-weight",
    ]


def test_advice_is_shown_and_passes(tmp_path: Path) -> None:
    code, lines, _ = check(write(tmp_path, rollout(), template(METRICS[0])))
    assert (code, len(lines)) == (0, 2)
    assert "document 1: advice of error-rate-and-latency: Rollout shop/shop: its analyses do not measure" in lines[0]
    assert lines[1].endswith(": passed")


def test_json_says_the_same_and_has_one_form(tmp_path: Path) -> None:
    file = write(tmp_path, rollout(25), template())
    assert data(file) == {
        "passed": False,
        "problems": [],
        "given": 2,
        "judged": {"rules": len(RULES), "objects": 2, "evaluations": EVALUATIONS},
        "violations": [
            {
                "rule": "first-step-weight",
                "code": "S2",
                "level": "mandatory",
                "severity": "high",
                "object": "Rollout shop/shop",
                "file": str(file),
                "path": "document 1",
                "field": "spec.strategy.canary.steps[0].setWeight",
                "line": 12,
                "message": "Rollout shop/shop: the first weight is 25 %, the limit is 10 %; "
                "set spec.strategy.canary.steps[0].setWeight to 10 or less",
            }
        ],
        "exempted": [],
    }
    assert check(file, "--format", "json") == check(file, "--json")


def test_all_that_is_given_is_one_stack(tmp_path: Path) -> None:
    """The rule about both measures needs the template, wherever it stands; one of another namespace is another one."""
    write(tmp_path, rollout(), name="apps/a/rollout.yml")
    analysis = write(tmp_path, template(), name="analysis.yaml")
    assert data(tmp_path / "apps", analysis)["violations"] == []
    assert data(tmp_path, analysis)["given"] == 2, "a file that is named twice was judged twice"
    elsewhere = write(tmp_path, template(namespace="other"), name="other/analysis.yaml")
    found = {one["rule"]: one["message"] for one in data(tmp_path / "apps", elsewhere)["violations"]}
    assert set(found) == {"error-rate-and-latency", "templates-resolve"}
    assert "shop, which is not in this stack" in found["error-rate-and-latency"]


def test_an_object_without_a_namespace_is_where_it_would_be_put(tmp_path: Path) -> None:
    file = write(tmp_path, rollout(namespace=None), template())
    assert "Rollout default/shop" in data(file)["violations"][0]["message"]
    assert data(file, "--namespace", "shop")["violations"] == []


@pytest.mark.parametrize("kind", ["List", "RolloutList"])
def test_a_list_is_judged_item_by_item(tmp_path: Path, kind: str) -> None:
    item = rollout(25)
    if kind != "List":
        del item["apiVersion"], item["kind"]
    listed = {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "items": [item, {**item, "spec": rollout()["spec"]}]}
    every = data(write(tmp_path, listed))["violations"]
    [found] = [one for one in every if one["rule"] == "first-step-weight"]
    assert (found["path"], found["object"]) == ("items[0]", "Rollout shop/shop")


def test_standard_input_is_read(tmp_path: Path) -> None:
    code, lines, _ = check("-", given=yaml.safe_dump(rollout(25)))
    assert (code, lines[0].startswith("standard input: refused by first-step-weight")) == (1, True)
    code, lines, _ = check("-", write(tmp_path, template()), given=json.dumps(rollout()))
    assert (code, lines[-1].endswith("of 2 objects: passed")) == (0, True)


def test_a_run_that_judges_nothing_fails_and_says_so(tmp_path: Path) -> None:
    file = write(tmp_path, _object("v1", "Namespace", None, {}))
    nothing = "0 evaluations (0 rules x 0 objects that they apply to) of 1 object: no rule was evaluated on any object"
    assert check(file)[:2] == (1, [f"{nothing} (--allow-nothing lets that pass)"])
    assert check(file, "--allow-nothing")[:2] == (0, [nothing])
    config = tmp_path / "off.json"
    config.write_text('{"all": "disabled"}')
    code, lines, _ = check(write(tmp_path, rollout(25), template()), "--config", config)
    assert (code, "no rule was evaluated on any object" in lines[0]) == (1, True)


def test_the_configuration_sets_levels_and_limits(tmp_path: Path) -> None:
    file, config = write(tmp_path, rollout(25), template()), tmp_path / "config.json"
    config.write_text('{"all": "advisory", "first-step-weight": {"max": 20}}')
    code, lines, _ = check(file, "--config", config)
    assert (code, "advice of first-step-weight" in lines[0], "the limit is 20 %" in lines[0]) == (0, True, True)
    config.write_text('{"first-step-weight": {"enforcementLevel": "mandatory", "max": 40}}')
    assert check(file, "--config", config)[0] == 0
    config.write_text('{"first-step-weight": "disabled"}')
    code, lines, _ = check(file, "--config", config)
    counted = f"{EVALUATIONS - 1} evaluations ({len(RULES) - 1} rules x 2 objects that they apply to)"
    assert (code, lines) == (0, [f"{counted} of 2 objects: passed"])


def test_a_wrong_configuration_is_named_all_at_once_and_judges_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    wrong = {"first-step-wieght": "disabled", "weight-jump": {"maxx": 3, "max": 500}, "all": "off", "weight-held": 1}
    config.write_text(json.dumps(wrong))
    code, lines, errors = check(write(tmp_path, rollout(25), template()), "--config", config)
    assert (code, lines) == (2, [])
    assert errors == [
        f"{config}: all: 'off' is no level (known: advisory, disabled, mandatory)",
        f"{config}: first-step-wieght: no rule has this name (did you mean 'first-step-weight'?)",
        f"{config}: weight-held: must be a level or an object, not 1",
        f"{config}: weight-jump: 'max' must be from 1 to 100, not 500",
        f"{config}: weight-jump: unknown parameter 'maxx' (did you mean 'max'?)",
    ]


def _deep(levels: int) -> str:
    return "a: " + "[" * levels + "]" * levels


def _laughs(levels: int = 9) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


HOSTILE = {
    "deep": (_deep(5000), "line 1, column 103: not valid YAML: nested too deeply: at most 100 levels"),
    "aliases": (_laughs(), "too large once its aliases are written out"),
    "aliases in many documents": ("\n---\n".join([_laughs(5)] * 50), "too large once its aliases are written out"),
    "loop": ("a: &a [*a]", "'*a' stands inside itself"),
    "text": ("only a text", "not a Kubernetes object: a text"),
    "number": ("1", "not a Kubernetes object: 1"),
    "list": ("[1, 2]", "not a Kubernetes object: a list"),
    "no kind": ("apiVersion: v1", "not a Kubernetes object: kind is nothing, and has to be a text"),
    "kind is a list": ("{apiVersion: 1, kind: [a]}", "apiVersion is 1 and kind is a list, and has to be a text"),
    "items": ("{apiVersion: v1, kind: List, items: {a: 1}}", "items: must be a list, not an object"),
    "item": ("{apiVersion: v1, kind: List, items: [1]}", "items[0]: not a Kubernetes object: 1"),
    "twice": ("{apiVersion: v1, kind: Service, kind: Rollout}", "key 'kind' is written twice"),
    "template": ("apiVersion: {{ .Values.version }}", "not valid YAML"),
    "tag": ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
    "key": ("{[a]: b, apiVersion: v1, kind: Service}", "must be text"),
    "key, merged in": ("{<<: {? [a] : b}, apiVersion: v1, kind: Service}", "must be text"),
    "control": ("a: \x1b[31m", "not valid YAML"),
    "binary": ("\udcff", "the file is not UTF-8 text"),
    "huge number": (f"apiVersion: {'9' * 5000}", "not a number"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_judged_is_one_line_and_exit_code_2(tmp_path: Path, name: str) -> None:
    text, message = HOSTILE[name]
    file = tmp_path / "hostile.yaml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, lines, errors = check(file, write(tmp_path, rollout(), template()))
    assert (code, lines, len(errors)) == (2, [], 1), errors
    assert errors[0].startswith(f"{file}: ")
    assert message in errors[0]
    assert len(errors[0]) < 500


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as opened:
        opened.truncate(LARGEST_MANIFESTS * 50)
    code, _, errors = check(file)
    assert (code, errors) == (2, [f"{file}: too large: at most 20 MB a file"])


def test_what_is_not_there_or_holds_nothing_is_named_all_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")
    code, _, errors = check(tmp_path / "none.yaml", tmp_path / "empty", tmp_path / "pipe.yaml")
    assert code == 2
    assert errors == [
        f"{tmp_path}/empty: no file in this folder ends in .json or .yaml or .yml",
        f"{tmp_path}/none.yaml: cannot be read: no such file or directory",
        f"{tmp_path}/pipe.yaml: cannot be read: neither a file nor a folder",
    ]
    assert data(tmp_path / "none.yaml")["problems"][0]["message"] == "cannot be read: no such file or directory"


def test_names_that_lead_nowhere_or_are_no_text_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / os.fsdecode(b"\xff.yaml")).symlink_to("nowhere")
    code, _, errors = check(tmp_path)
    assert code == 2
    assert errors == [
        f"{tmp_path}/\\udcff.yaml: cannot be read: no such file or directory",
        f"{tmp_path}/loop.yaml: cannot be read: too many levels of symbolic links",
    ]
    assert len(data(tmp_path)["problems"]) == 2


def test_a_closed_standard_input_is_one_line() -> None:
    command = [Path(sys.executable).parent / "coalmine", "check", "-"]
    closed = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    done = subprocess.run(closed, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, "standard input: cannot be read: it is closed\n")


def test_folders_are_read_in_order_without_what_is_hidden_and_links_lead_round_once(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/c.yml", "a/d.json", ".hidden.yaml", ".git/e.yaml", "notes.txt"):
        write(tmp_path, rollout(25), name=name)
    (tmp_path / "a/up").symlink_to(tmp_path)
    found = [Path(one["file"]).relative_to(tmp_path).as_posix() for one in data(tmp_path)["violations"]]
    assert list(dict.fromkeys(found)) == ["a/c.yml", "a/d.json", "b.yaml"]


def test_what_yaml_would_not_take_for_text_is_no_mistake_in_a_manifest(tmp_path: Path) -> None:
    """Ports as keys, dates, and the lone `=` of Prometheus' CRDs."""
    file = tmp_path / "odd.yaml"
    odd = "data: {80: a, true: b, 1.5: c}\nenum: [=, '!=']\nday: 2026-01-01\n"
    file.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{odd}")
    assert data(file, "--allow-nothing")["passed"]


def test_comments_and_empty_documents_hold_nothing(tmp_path: Path) -> None:
    file = tmp_path / "comments.yaml"
    file.write_text("# nothing\n---\n---\n# nothing\n")
    assert data(file)["given"] == 0
    assert check(file)[0] == 1
    file.write_text(f"---\n---\n# nothing\n---\n{yaml.safe_dump(rollout(25))}")
    assert data(file)["violations"][0]["path"] == "document 3"


def test_a_mistake_on_the_command_line_is_exit_code_2() -> None:
    for arguments in ([], ["a.yaml", "--format", "xml"], ["a.yaml", "--nothing"]):
        code, lines, _ = check(*arguments)
        assert (code, lines) == (2, []), arguments


TODAY = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)


@pytest.fixture
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("components.cli.check.moment", lambda: TODAY)


def exempted(body: dict[str, Any], until: str, rule: str = "first-step-weight") -> dict[str, Any]:
    """The object with an exemption on it."""
    written = json.dumps({"owner": "shop", "reason": "the router comes in spring", "until": until})
    metadata = {**body["metadata"], "annotations": {f"exemptions.coalmine.dev/{rule}": written}}
    return {**body, "metadata": metadata}


@pytest.mark.usefixtures("_today")
def test_what_is_exempted_passes_is_counted_and_can_be_read(tmp_path: Path) -> None:
    file = write(tmp_path, exempted(rollout(25), "2026-12-31"), template())
    code, lines, _ = check(file)
    assert (code, lines) == (0, [f"{COUNTED} of 2 objects: passed, 1 exempted (--exemptions lists them)"])
    [one] = data(file)["exempted"]
    assert one == {
        "rule": "first-step-weight",
        "code": "S2",
        "level": "mandatory",
        "owner": "shop",
        "reason": "the router comes in spring",
        "until": "2026-12-31",
        "object": "Rollout shop/shop",
        "file": str(file),
        "path": "document 1",
        "field": "spec.strategy.canary.steps[0].setWeight",
        "line": 15,
        "severity": "high",
        "message": "Rollout shop/shop: exempted from 'first-step-weight' until 2026-12-31 by shop (the router comes in "
        "spring): the first weight is 25 %, the limit is 10 %; set spec.strategy.canary.steps[0].setWeight to 10 or "
        "less",
    }


@pytest.mark.usefixtures("_today")
def test_what_is_over_or_wrong_is_refused(tmp_path: Path) -> None:
    over = check(write(tmp_path, exempted(rollout(25), "2026-11-30"), template()))
    assert (over[0], over[1][0].endswith("to 10 or less; the exemption by shop ended on 2026-11-30")) == (1, True)
    wrong = check(write(tmp_path, exempted(rollout(25), "2026-12-31", "first-step-wait"), template()))
    assert (wrong[0], len(wrong[1])) == (1, 3)
    assert "refused by exemptions: Rollout shop/shop: annotation exemptions.coalmine.dev/first-step-wait" in wrong[1][0]
    assert wrong[1][-1].endswith(": refused by exemptions, first-step-weight")


@pytest.mark.usefixtures("_today")
def test_all_exemptions_can_be_listed(tmp_path: Path) -> None:
    used, idle, over = (
        exempted(rollout(weight, namespace=place), until)
        for weight, place, until in [(25, "a", "2026-12-31"), (5, "b", "2026-12-02"), (25, "c", "2026-11-30")]
    )
    file = write(tmp_path, used, idle, over)
    entry = {
        "rule": "weight-held",
        "objects": ["Rollout gone/*"],
        "owner": "site",
        "reason": "old",
        "until": "2027-01-01",
    }
    config = tmp_path / "site.json"
    config.write_text(json.dumps({"exemptions": {"entries": [entry]}}), encoding="utf-8")
    code, lines, errors = check(file, "--exemptions", "--config", config)
    why = "the router comes in spring"
    assert lines == [
        f"{file}: document 1: first-step-weight: Rollout a/shop: by shop until 2026-12-31 (30 days left), "
        f"exempts 1 violation: {why}",
        f"{file}: document 2: first-step-weight: Rollout b/shop: by shop until 2026-12-02 (1 day left), "
        f"exempts no violations: {why}",
        f"{file}: document 3: first-step-weight: Rollout c/shop: by shop until 2026-11-30 (ended), "
        f"exempts no violations: {why}",
        "weight-held: Rollout gone/*: by site until 2027-01-01 (31 days left), exempts no violations: old",
        "4 exemptions, 1 ended, 2 that exempt nothing",
    ]
    assert (code, errors) == (0, [])
    listed = data(file, "--exemptions", "--config", config)["exemptions"]
    assert [(one["rule"], one["object"], one["daysLeft"], one["expired"], one["exempts"]) for one in listed] == [
        ("first-step-weight", "Rollout a/shop", 30, False, 1),
        ("first-step-weight", "Rollout b/shop", 1, False, 0),
        ("first-step-weight", "Rollout c/shop", -1, True, 0),
        ("weight-held", "Rollout gone/*", 31, False, 0),
    ]
    assert listed[3] | {"from": "configuration", "file": "", "path": ""} == listed[3]


@pytest.mark.usefixtures("_today")
def test_the_list_fails_where_one_is_wrong(tmp_path: Path) -> None:
    file = write(tmp_path, exempted(rollout(25), "2028-01-01"))
    code, lines, _ = check(file, "--exemptions")
    assert (code, lines[-1]) == (1, "0 exemptions, 1 wrong")
    assert "'until' is 396 days away, and at most 90 are allowed" in lines[0]
    assert data(file, "--exemptions")["passed"] is False
    assert check(write(tmp_path, rollout(25)), "--exemptions")[:2] == (0, ["0 exemptions"])
    refused = check(file, "--exemptions", "--format", "sarif")
    assert (refused[0], "it must be one of json, text" in " ".join(refused[2])) == (2, True)
