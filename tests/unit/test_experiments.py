"""Experiments against a fresh baseline, and checks between the steps: what they become, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from components.cli.plan import remarks, rows
from components.compile import Compiled
from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

COMPARED = {"kind": "error_rate", "max": "1%", "compared_with_stable": {"difference": "0.5%"}}
EXPERIMENT = {"experiment": {"weight": 5}, "hold": "2m"}
STEPS = [EXPERIMENT, {"weight": 10, "hold": "1m"}]
BOTH = changed(stack_keys(), "delivery", "other_engines", to=["flagger"])


def app(engine: str = "argo-rollouts", *, analysis: dict[str, Any] | None = None, **delivery: Any) -> dict[str, Any]:
    checked = {"checks": [COMPARED], **(analysis or {})}
    return changed(example_app(), "delivery", to={"engine": engine, "steps": STEPS, "analysis": checked, **delivery})


def compiled(root: Path, **delivery: Any) -> Compiled:
    return compiled_app(root, app(**delivery), BOTH)


def canary(made: Compiled) -> dict[str, Any]:
    found: dict[str, Any] = only(made.manifests, "Rollout")["spec"]["strategy"]["canary"]
    return found


def experiment(made: Compiled) -> dict[str, Any]:
    [found] = [step["experiment"] for step in canary(made)["steps"] if "experiment" in step]
    return dict(found)


def queries(made: Compiled, template: str) -> dict[str, str]:
    metrics = only(made.manifests, "AnalysisTemplate", template)["spec"]["metrics"]
    return {one["name"]: one["provider"]["prometheus"]["query"] for one in metrics}


def messages(root: Path, written: dict[str, Any], stack: dict[str, Any] | None = None) -> list[str]:
    project = Project(root)
    project.stack(stack or BOTH)
    project.apps(written)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


@pytest.mark.trap(23, 25)
def test_an_experiment_ends_with_the_last_check_and_no_earlier(tmp_path: Path) -> None:
    made = experiment(compiled(tmp_path))
    [analysis] = made["analyses"]
    assert analysis["requiredForCompletion"] is True
    assert "duration" not in made, "its pods would go while the last check is awaited, and take its requests with them"
    counts = {one["name"]: one["value"] for one in analysis["args"]}
    assert counts["count"] == "4"


def test_pods_of_both_versions_get_the_same_share_and_are_told_from_all_others(tmp_path: Path) -> None:
    release = compiled(tmp_path)
    baseline, canary_pods = experiment(release)["templates"]
    assert (baseline["specRef"], canary_pods["specRef"]) == ("stable", "canary")
    assert (baseline["weight"], canary_pods["weight"]) == (5, 5)
    labels = [one["metadata"]["labels"]["version"] for one in (baseline, canary_pods)]
    assert len({*labels, release.plan.revision}) == 3, "series of the experiment's pods would mix with others"
    assert all(len(label) <= 63 for label in labels)


def test_few_pods_never_get_the_share_of_many(tmp_path: Path) -> None:
    many = changed(app(steps=[{"experiment": {"weight": 20}, "hold": "2m"}]), "replicas", to=21)
    [baseline, _] = experiment(compiled_app(tmp_path, many, BOTH))["templates"]
    assert baseline["replicas"] == 5


def test_an_experiment_measures_its_own_pods_and_compares_with_its_baseline(tmp_path: Path) -> None:
    release = compiled(tmp_path)
    asked = queries(release, "shop-experiment")["error-rate-vs-stable"]
    assert asked.count('destination_version="{{args.revision}}"') == 3
    assert asked.count('destination_version="{{args.baseline}}"') == 3
    assert "!=" not in asked, "all other pods of the app are no fresh baseline"
    values = {one["name"]: one["value"] for one in experiment(release)["analyses"][0]["args"]}
    labels = {one["name"]: one["metadata"]["labels"]["version"] for one in experiment(release)["templates"]}
    assert (values["revision"], values["baseline"]) == (labels["canary"], labels["baseline"])


def test_what_is_measured_by_pods_is_measured_by_the_experiments(tmp_path: Path) -> None:
    own = {"kind": "query", "name": "queue", "query": 'max(depth{pod=~"{{pods}}"})', "max": 9}
    compared = {**own, "compared_with_stable": {"factor": 1.5}}
    release = compiled(tmp_path, analysis={"checks": [compared]})
    asked = queries(release, "shop-experiment")["queue-vs-stable"]
    assert 'pod=~"{{args.pod-hash}}-' in asked
    assert 'pod=~"{{args.stable-pod-hash}}-' in asked
    values = {one["name"]: one["value"] for one in experiment(release)["analyses"][0]["args"]}
    assert values["pod-hash"] == "{{templates.canary.replicaset.name}}"
    assert values["stable-pod-hash"] == "{{templates.baseline.replicaset.name}}"


def test_its_services_have_names_that_the_controller_cannot_forget(tmp_path: Path) -> None:
    """Where they are those of the ReplicaSets it says them once, and may lose them: users would get errors."""
    release = compiled(tmp_path)
    own = release.plan.revision.rpartition("-")[2]
    names = {one["name"]: one["service"]["name"] for one in experiment(release)["templates"]}
    assert names == {"baseline": f"shop-{own}-baseline", "canary": f"shop-{own}-experiment"}


def test_what_is_measured_by_services_is_measured_by_the_experiments(tmp_path: Path) -> None:
    own = {"kind": "query", "name": "queue", "query": 'max(depth{service="{{service}}"})', "max": 9}
    release = compiled(tmp_path, analysis={"checks": [{**own, "compared_with_stable": {"factor": 1.5}}]})
    asked = queries(release, "shop-experiment")["queue-vs-stable"]
    for one in experiment(release)["templates"]:
        assert f'service="{one["service"]["name"]}"' in asked


def test_the_runs_of_an_experiment_say_whose_they_are(tmp_path: Path) -> None:
    release = compiled(tmp_path, gates=[{"name": "desk", "when": "pre", "url": "https://desk.example.com"}])
    steps = canary(release)["steps"]
    index = next(index for index, step in enumerate(steps) if "experiment" in step)
    labels = steps[index]["experiment"]["analysisRunMetadata"]["labels"]
    assert labels == {"app.kubernetes.io/name": "shop", "step-index": str(index)}
    assert index == 2, "pods come first, so that the gate can look at them, then the gate"


@pytest.mark.trap(13, 14)
def test_checks_between_the_steps_begin_with_the_requests_and_end_with_the_release(tmp_path: Path) -> None:
    release = compiled(tmp_path, analysis={"background": True})
    found = canary(release)
    first = found["analysis"]["startingStep"]
    assert "analysis" in found["steps"][first]
    assert found["steps"][first - 1] == {"setWeight": 10}
    for metric in only(release.manifests, "AnalysisTemplate", "shop-background")["spec"]["metrics"]:
        assert "count" not in metric, "it would end, and nothing be watched while a person is waited for"
        assert (metric["initialDelay"], metric["failureLimit"]) == ("30s", 0)
    assert "count" not in {one["name"] for one in found["analysis"]["args"]}


def test_the_plan_says_both_in_words(tmp_path: Path) -> None:
    release = compiled(tmp_path, analysis={"background": True})
    assert rows(release.plan)[0][1] == "experiment: fresh pods of both versions, 5% each"
    said = remarks(release)
    assert "In the experiment 'stable' means the fresh pods of the stable version." in said
    assert any(one.startswith("The checks go on between the steps") for one in said)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "with a weight": (
        {"steps": [{**EXPERIMENT, "weight": 5}]},
        "delivery.steps[0].weight: an experiment has pods and requests of its own: make it another step",
    ),
    "after a weight": (
        {"steps": [{"weight": 5, "hold": "2m"}, EXPERIMENT]},
        "delivery.steps[1].experiment: comes before all other steps: later ones measure the canary's own",
    ),
    "compares nothing": (
        {"analysis": {"checks": [{"kind": "error_rate", "max": "1%"}]}},
        "delivery.steps[0].experiment: compares nothing: give a check compared_with_stable, or leave the"
        " experiment out",
    ),
    "part of an interval": (
        {"steps": [{**EXPERIMENT, "hold": "100s"}, STEPS[1]]},
        "delivery.steps[0].hold: 1m40s must be a multiple of analysis.interval, 30s: an experiment ends with its last"
        " check",
    ),
    "nothing in the background": (
        {"steps": [EXPERIMENT], "analysis": {"background": True}},
        "delivery.analysis.background: there is no step beside the experiment to watch: leave it out",
    ),
    "a wait in the background": (
        {"analysis": {"background": True, "checks": [{**COMPARED, "on_no_data": "hold"}]}},
        "delivery.analysis.checks[0].on_no_data: the checks in the background would end there, and nothing be watched:"
        " write 'abort', or leave analysis.background out",
    ),
    "on Flagger": (
        {"engine": "flagger"},
        "delivery.steps[0]: app 'shop' needs an experiment: fresh pods of both versions, side by side, which engine"
        " 'flagger' with router 'istio' cannot do: Flagger makes no pods of the stable version for a comparison; leave"
        " the experiment out and keep compared_with_stable, which asks for the stable pods, or choose engine"
        " 'argo-rollouts'",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=list(REFUSED))
def test_what_could_not_be_found_out_is_refused_with_a_way_out(
    tmp_path: Path, case: tuple[dict[str, Any], str]
) -> None:
    written, message = case
    found = messages(tmp_path, app(**written))
    assert message in found, found


def test_a_switch_is_watched_all_the_time_already(tmp_path: Path) -> None:
    written = app(analysis={"background": True, "checks": [{"kind": "error_rate", "max": "1%"}]})
    del written["delivery"]["steps"]
    written["delivery"] |= {"strategy": "blue-green", "hold": "5m"}
    [found] = messages(tmp_path, written)
    assert found == "delivery.analysis.background: the checks run all the time after the switch: leave it out"


def test_another_router_gives_an_experiment_no_requests(tmp_path: Path) -> None:
    stack = changed(BOTH, "delivery", "router", to={"kind": "kubernetes", "pod_metrics": {"status": "status"}})
    found = " ".join(messages(tmp_path, app(), stack))
    assert "only the routes and metrics of Istio tell the pods of an experiment from all others" in found
    assert "routers that can: istio" in found


def test_requests_of_pods_with_several_ports_would_find_none(tmp_path: Path) -> None:
    ports = [{"name": "http", "port": 8080}, {"name": "admin", "port": 9000}]
    workload = {key: value for key, value in app()["workload"].items() if key != "port"}
    found = messages(tmp_path, changed(app(), "workload", to={**workload, "ports": ports}))
    assert any("its requests would find no port, for the pods have several" in one for one in found), found


def test_a_name_that_leaves_no_room_for_the_services_is_refused(tmp_path: Path) -> None:
    found = messages(tmp_path, changed(app(), "name", to="x" * 42))
    assert any("the app's may have 41 characters, and has 42" in one for one in found), found
