"""Gates and load tests: what each becomes on each engine, what waits, and what is refused with a way out."""

import itertools
from pathlib import Path
from typing import Any, get_args

import pytest

from components.compile import Compiled
from components.spec.hooks import When
from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

CHECKS = {"checks": [{"kind": "error_rate", "max": "1%"}]}
STEPS = [{"weight": 10, "hold": "2m"}, {"weight": 30, "hold": "2m"}]
COHORT = {"headers": {"x-beta": {"exact": "1"}}}
JOB = {"image": "registry.example.com/load:2.1.0", "command": ["load", "--for=1m"]}
TESTER = {"tester": "http://tester.testing/", "command": ["hey", "-z", "1m", "http://a b/"]}


def app(engine: str, delivery: dict[str, Any]) -> dict[str, Any]:
    return changed(example_app(), "delivery", to={"analysis": CHECKS, "engine": engine, "steps": STEPS, **delivery})


def both() -> dict[str, Any]:
    return changed(stack_keys(), "delivery", "other_engines", to=["flagger"])


def compiled(root: Path, engine: str, **delivery: Any) -> Compiled:
    return compiled_app(root, app(engine, delivery), both())


def messages(root: Path, engine: str, **delivery: Any) -> list[str]:
    written = app(engine, delivery)
    if delivery.get("strategy", "canary") != "canary":
        del written["delivery"]["steps"]
    project = Project(root)
    project.stack(both())
    project.apps(written)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def asking(name: str, **more: Any) -> dict[str, Any]:
    """An analysis with one question of that name."""
    question = {"kind": "query", "name": name, "max": 1, "query": 'depth{pod=~"{{pods}}"}'}
    return {"checks": [{**question, **more}]}


def hook(when: str, **more: Any) -> dict[str, Any]:
    return {"name": f"desk-{when}", "when": when, "url": f"https://desk.example.com/{when}", **more}


def steps_of(made: Compiled) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]["steps"]
    assert all(len(step) == 1 for step in steps), "a step of two kinds: the engine would take one of them"
    return steps


def templates_in(step: dict[str, Any]) -> list[str]:
    return [one["templateName"] for one in step.get("analysis", {}).get("templates", [])]


def test_every_time_to_ask_is_one_of_flaggers_own(tmp_path: Path) -> None:
    made = compiled(tmp_path, "flagger", gates=[hook(when) for when in get_args(When)])
    webhooks = only(made.manifests, "Canary")["spec"]["analysis"]["webhooks"]
    assert [(one["name"], one["type"]) for one in webhooks] == [
        ("desk-confirm", "confirm-rollout"),
        ("desk-pre", "pre-rollout"),
        ("desk-during", "rollout"),
        ("desk-increase", "confirm-traffic-increase"),
        ("desk-promote", "confirm-promotion"),
        ("desk-post", "post-rollout"),
        ("desk-rollback", "rollback"),
        ("desk-event", "event"),
    ]
    assert {one.get("timeout") for one in webhooks if one["type"] != "event"} == {"10s"}
    assert "timeout" not in webhooks[-1], "Flagger reads none for an event: it would be dropped"


def test_gates_stand_where_argo_rollouts_asks_them_in_time(tmp_path: Path) -> None:
    made = compiled(tmp_path, "argo-rollouts", gates=[hook(when) for when in ("promote", "increase", "pre", "confirm")])
    steps = steps_of(made)
    asked = [templates_in(step) or next(iter(step)) for step in steps]
    assert asked == [
        ["shop-confirm"],
        "setCanaryScale",
        ["shop-pre"],
        ["shop-increase"],
        "setWeight",
        ["shop"],
        "setCanaryScale",
        ["shop-increase"],
        "setWeight",
        ["shop"],
        ["shop-promote"],
    ]


def test_pods_are_there_when_a_gate_looks_at_them_and_grow_with_the_weight(tmp_path: Path) -> None:
    """Trap: a scale once set stays, and a weight above it would overload the few pods that it keeps."""
    steps = steps_of(compiled(tmp_path, "argo-rollouts", gates=[hook("pre")]))
    assert [step["setCanaryScale"]["weight"] for step in steps if "setCanaryScale" in step] == [10, 30]
    pods = 0
    for step in steps:
        pods = step.get("setCanaryScale", {}).get("weight", pods)
        assert step.get("setWeight", 0) <= pods
    for before, after in itertools.pairwise(steps):
        assert not ("setWeight" in before and "setCanaryScale" in after), "requests come before the pods for them"


def test_a_gate_that_waits_is_asked_until_it_agrees_and_another_is_not(tmp_path: Path) -> None:
    made = compiled(tmp_path, "argo-rollouts", gates=[hook("confirm"), hook("pre", timeout="90s")])
    [waiting] = only(made.manifests, "AnalysisTemplate", "shop-confirm")["spec"]["metrics"]
    [once] = only(made.manifests, "AnalysisTemplate", "shop-pre")["spec"]["metrics"]
    # An answer that is no yes is an error of the measurement, which the controller repeats.
    assert (waiting["consecutiveErrorLimit"], once["consecutiveErrorLimit"]) == (2_147_483_647, 0)
    assert (waiting["count"], once["count"]) == (1, 1)
    web = once["provider"]["web"]
    assert (web["method"], web["url"], web["timeoutSeconds"]) == ("POST", "https://desk.example.com/pre", 90)


def test_a_gate_beside_the_checks_is_asked_as_often_and_may_fail_as_often(tmp_path: Path) -> None:
    analysis = {**CHECKS, "tolerated_failures": 1, "interval": "1m"}
    made = compiled(tmp_path, "argo-rollouts", gates=[hook("during")], analysis=analysis)
    check, gate = only(made.manifests, "AnalysisTemplate")["spec"]["metrics"]
    same = ("interval", "count", "failureLimit", "consecutiveErrorLimit", "initialDelay")
    assert [check[key] for key in same] == [gate[key] for key in same]
    assert gate["consecutiveErrorLimit"] == 6, "no answer may last as long as bad ones are tolerated"


def test_a_switch_is_asked_for_before_it_happens(tmp_path: Path) -> None:
    delivery = {"strategy": "blue-green", "hold": "5m", "gates": [hook("promote"), hook("pre")]}
    written = app("argo-rollouts", delivery)
    del written["delivery"]["steps"]
    made = compiled_app(tmp_path, written, both())
    switch = only(made.manifests, "Rollout")["spec"]["strategy"]["blueGreen"]
    assert templates_in({"analysis": switch["prePromotionAnalysis"]}) == ["shop-pre", "shop-promote"]


@pytest.mark.trap(34)
def test_a_load_test_is_a_job_that_ends_with_its_step(tmp_path: Path) -> None:
    made = compiled(tmp_path, "argo-rollouts", load_test=JOB)
    metric = only(made.manifests, "AnalysisTemplate")["spec"]["metrics"][-1]
    job = metric["provider"]["job"]["spec"]
    assert (metric["count"], job["backoffLimit"], job["activeDeadlineSeconds"]) == (1, 0, 120)
    [container] = job["template"]["spec"]["containers"]
    assert (container["image"], container["command"]) == (JOB["image"], JOB["command"])
    assert "failureLimit" not in metric, "a test that fails is no reason to go on"


@pytest.mark.trap(34)
def test_a_load_test_is_a_command_of_flaggers_tester(tmp_path: Path) -> None:
    made = compiled(tmp_path, "flagger", load_test=TESTER)
    [load] = only(made.manifests, "Canary")["spec"]["analysis"]["webhooks"]
    assert (load["type"], load["url"]) == ("rollout", TESTER["tester"])
    assert load["metadata"] == {"type": "cmd", "cmd": "hey -z 1m 'http://a b/'"}


def test_the_window_of_fast_ways_back_is_never_longer_than_what_is_kept(tmp_path: Path) -> None:
    """Trap: a window beyond the history promises a way back that is not there."""
    spec = only(compiled(tmp_path, "argo-rollouts", rollback={"fast_window": 5}).manifests, "Rollout")["spec"]
    assert spec["rollbackWindow"] == {"revisions": 5}
    assert spec["rollbackWindow"]["revisions"] <= spec["revisionHistoryLimit"]
    [message] = messages(tmp_path / "b", "argo-rollouts", rollback={"fast_window": 6})
    assert message == "delivery.rollback.fast_window: 6 is too large: at most 5"


REFUSED = {
    "post on Argo Rollouts": (
        ("argo-rollouts", {"gates": [hook("pre"), hook("post")]}),
        ("delivery.gates[1]: app 'shop' needs telling a gate how a release ended", "choose engine 'flagger'"),
    ),
    "rollback on Argo Rollouts": (
        ("argo-rollouts", {"gates": [hook("rollback")]}),
        ("delivery.gates[0]: app 'shop' needs a gate that takes a release back", "`coalmine abort`"),
    ),
    "event on Argo Rollouts": (
        ("argo-rollouts", {"gates": [hook("event")]}),
        ("delivery.gates[0]: app 'shop' needs telling a gate everything", "choose engine 'flagger'"),
    ),
    "a tester on Argo Rollouts": (
        ("argo-rollouts", {"load_test": TESTER}),
        ("delivery.load_test: app 'shop' needs a load test by a load tester", "give load_test.image instead"),
    ),
    "a Job on Flagger": (
        ("flagger", {"load_test": JOB}),
        ("delivery.load_test: app 'shop' needs a load test as a Job", "give load_test.tester instead"),
    ),
    "a fast way back on Flagger": (
        ("flagger", {"rollback": {"fast_window": 2}}),
        ("delivery.rollback.fast_window: app 'shop' needs going back", "leave rollback.fast_window out"),
    ),
    "an approval without an address on Flagger": (
        ("flagger", {"steps": [{**STEPS[0], "approval": True}]}),
        ("delivery.steps[0]: app 'shop' needs waiting for an approval", "add a gate, when: increase or promote"),
    ),
    "a look that lasts longer than its interval": (
        ("flagger", {"gates": [hook("during", timeout="1m"), hook("during", timeout="1m", name="other")]}),
        ("delivery.gates: all that is asked at a check may take 2m", "shorten the timeouts of 'during'"),
    ),
    "a look and a load test that do": (
        ("flagger", {"gates": [hook("during", timeout="110s")], "load_test": TESTER}),
        ("delivery.gates: all that is asked at a check may take 2m", "shorten the timeouts of 'during'"),
    ),
    "a timeout that Flagger would drop": (
        ("flagger", {"gates": [hook("event", timeout="9s")]}),
        ("delivery.gates[0].timeout: engine 'flagger' waits 5s", "leave 'timeout' out"),
    ),
    "a weight that never grows": (
        ("argo-rollouts", {"strategy": "ab", "cohort": COHORT, "hold": "5m", "gates": [hook("increase")]}),
        ("delivery.gates[0].when: 'increase' is asked before a weight", "use 'promote'"),
    ),
    "a switch that does not wait to start": (
        ("argo-rollouts", {"strategy": "blue-green", "hold": "5m", "gates": [hook("confirm")]}),
        ("delivery.gates[0].when: 'confirm' is asked before the pods start", "use 'pre'"),
    ),
    "two gates of one name": (
        ("argo-rollouts", {"gates": [hook("pre"), {**hook("promote"), "name": "desk-pre"}]}),
        ("delivery.gates[1].name: two gates are named 'desk-pre'", ""),
    ),
    "a check that is called like a gate": (
        ("argo-rollouts", {"gates": [hook("during")], "analysis": asking("gate-desk-during")}),
        ("delivery.analysis.checks[0].name: gate 'desk-during' is called 'gate-desk-during' in tables", "another name"),
    ),
    "a comparison that is called like a gate": (
        (
            "argo-rollouts",
            {
                "gates": [{**hook("during"), "name": "desk-vs-stable"}],
                "analysis": asking("gate-desk", compared_with_stable={"factor": 2}),
            },
        ),
        ("delivery.analysis.checks[0].name: gate 'desk-vs-stable' is called 'gate-desk-vs-stable'", "another name"),
    ),
    "a check that is called like the load test": (
        ("argo-rollouts", {"load_test": JOB, "analysis": asking("load-test")}),
        ("delivery.analysis.checks[0].name: the load test is called 'load-test' in tables", "another name"),
    ),
    "a gate that is called like the load test": (
        ("flagger", {"load_test": TESTER, "gates": [{**hook("during"), "name": "load-test"}]}),
        ("delivery.gates[0].name: the load test is called 'load-test' in tables", "another name"),
    ),
    "an answer within parts of a second": (
        ("argo-rollouts", {"gates": [hook("pre", timeout="1500ms")]}),
        ("delivery.gates[0].timeout: 1s500ms must be whole seconds", ""),
    ),
    "an address with an engine's template": (
        ("argo-rollouts", {"gates": [{**hook("pre"), "url": "http://a.example.com/{{args.x}}"}]}),
        ("delivery.gates[0].url: '{{' would be filled in by an engine", "leave it out"),
    ),
    "a load test that nobody runs": (
        ("argo-rollouts", {"load_test": {"command": ["load"]}}),
        ("delivery.load_test: give either 'image' or 'tester'", ""),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_asked_is_refused_with_what_can(name: str, tmp_path: Path) -> None:
    (engine, delivery), (start, instead) = REFUSED[name]
    [message] = messages(tmp_path, engine, **delivery)
    assert message.startswith(start), message
    assert instead in message
