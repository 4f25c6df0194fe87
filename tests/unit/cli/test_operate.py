"""The verbs about running releases, as a user runs them against an API server."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from components.access.client import Object
from components.cli import main
from components.operate.break_glass import ANNOTATION, MOST_HOURS, Glass
from policies.configuration import configured
from policies.documents import judge
from policies.facts import Kind, KubeObject
from policies.registry import discover
from tests.specs import Project, changed, example_app, stack_keys
from tests.unit.operate.fake_api import EVENTS, ROLLOUTS, RUNS, FakeApi, serving
from tests.unit.operate.objects import FAILED_CHECK, aborted, at_step, measured, promoted, result, rollout, run

STATUS = f"{ROLLOUTS}/namespaces/shop/rollouts/shop/status"
ACTIONS = ("approve", "promote", "abort", "retry")
PAUSED = at_step(6, 50, phase="Paused", pauseConditions=[{"reason": "CanaryPauseStep"}])


@dataclass(frozen=True)
class Done:
    """What a verb exited with and wrote."""

    returncode: int
    stdout: str
    stderr: str


Operate = Callable[..., Done]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FakeApi]:
    """An API server of this test."""
    with serving(tmp_path) as fake:
        yield fake


@pytest.fixture
def operate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Operate:
    """Runs the command in this process, which is quicker, with the kubeconfig of the test's API server."""
    for name, value in {"KUBECONFIG": str(tmp_path / "kubeconfig"), "no_proxy": "*", "COLUMNS": "70"}.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr("sys.argv", ["coalmine", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        written = capsys.readouterr()
        return Done(int(ended.value.code or 0), written.out, written.err)

    return run


def named(name: str, namespace: str = "shop") -> Object:
    """A Rollout of another app."""
    made = deepcopy(promoted())
    made["metadata"] |= {"name": name, "namespace": namespace, "labels": {"app.kubernetes.io/name": name}}
    return made


@pytest.mark.parametrize(
    ("state", "code", "says"),
    [
        (promoted(), 0, "shop 1.5.0: healthy, gets all traffic"),
        (at_step(3, 25), 2, "shop 1.5.0: in progress, step 2 of 3, weight 25 %"),
        (PAUSED, 2, "shop 1.5.0: waiting for approval, step 3 of 3, weight 50 %: this step ends when it is approved"),
        (
            rollout("Healthy", observed="3"),
            2,
            "shop 1.5.0: in progress: the controller has not seen the last change yet",
        ),
        (rollout("Degraded", "InvalidSpec: no"), 3, "shop 1.5.0: degraded, but not taken back: InvalidSpec: no"),
    ],
)
def test_status_says_how_it_stands_in_words_and_by_its_exit_code(
    api: FakeApi, operate: Operate, state: Object, code: int, says: str
) -> None:
    api.rollouts(state)
    done = operate("status", "shop")
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (code, says, "")


def test_a_failure_is_given_its_reason_from_the_checks(api: FakeApi, operate: Operate) -> None:
    api.rollouts(aborted(FAILED_CHECK))
    bad = result("error-rate", "Failed", *[measured("Failed", "[0.049]")] * 3)
    api.lists[RUNS] = [run(1, "Successful", created=1), run(3, "Failed", bad, created=20)]
    done = operate("status", "shop", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["state"], said["aborted"]) == (3, "degraded", True)
    assert said["reason"] == "error rate 4.9% > 1% in 3 of 3 checks at weight 25"
    shown = operate("status", "shop").stdout
    assert "shop 1.5.0: degraded, taken back: error rate 4.9% > 1% in 3 of 3 checks at weight 25" in shown
    assert "coalmine retry shop" in shown


def test_an_abort_by_hand_is_not_blamed_on_a_check_of_an_earlier_try(api: FakeApi, operate: Operate) -> None:
    api.rollouts(aborted(by="kubectl"))
    api.lists[RUNS] = [run(3, "Failed", result("error-rate", "Failed", measured("Failed", "[0.049]")))]
    said = json.loads(operate("status", "shop", "--json").stdout)
    assert (said["reason"], said["checks"]) == ("aborted by hand", [])


def test_watch_ends_when_it_is_decided_and_says_every_check_once(api: FakeApi, operate: Operate) -> None:
    api.rollouts(aborted(FAILED_CHECK))
    api.lists[RUNS] = [run(1, "Failed", result("error-rate", "Failed", measured("Failed", "[0.049]")))]
    done = operate("watch", "shop")
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        "shop 1.5.0: weight 5 %: error rate 4.9%, at most 1%: 0 passed, 1 failed",
        "shop 1.5.0: degraded, taken back: error rate 4.9% > 1% in 1 of 1 checks at weight 5",
        "correct it and run `pulumi up`; `coalmine retry shop` begins the same version again",
    ]


@pytest.mark.parametrize(
    ("verb", "state", "patch"),
    [
        (["approve"], PAUSED, {"status": {"pauseConditions": None}}),
        (["promote"], at_step(1, 5), {"status": {"pauseConditions": None, "currentStepIndex": 2}}),
        (["promote", "--full"], at_step(1, 5), {"status": {"promoteFull": True}}),
        (["abort"], at_step(1, 5), {"status": {"abort": True}}),
        (["retry"], aborted(), {"status": {"abort": False}}),
    ],
)
def test_an_action_patches_the_status_and_says_how_to_follow(
    api: FakeApi, operate: Operate, verb: list[str], state: Object, patch: Object
) -> None:
    api.rollouts(whole(state))
    done = operate(*verb, "shop")
    assert (done.returncode, done.stderr) == (0, "")
    assert api.patched == [(STATUS, patch)]
    assert "follow it with `coalmine watch shop`" in done.stdout


@pytest.mark.parametrize(
    ("verb", "state", "says"),
    [
        ("approve", at_step(1, 5), "does not wait for approval: it is in progress"),
        ("abort", promoted(), "has no release in progress: version 1.5.0 gets all traffic"),
        ("promote", promoted(), "has no release in progress"),
        ("promote", aborted(), "was taken back already: `coalmine retry shop` begins it again"),
        ("abort", aborted(), "was taken back already"),
        ("retry", at_step(1, 5), "was not aborted: it is in progress"),
        ("retry", rollout("Degraded", observed="3", abort=True), "was not aborted"),
    ],
)
def test_an_action_that_makes_no_sense_now_is_refused_and_changes_nothing(
    api: FakeApi, operate: Operate, verb: str, state: Object, says: str
) -> None:
    api.rollouts(whole(state))
    done = operate(verb, "shop")
    assert (done.returncode, done.stdout, api.patched) == (1, "", [])
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


OBJECT = STATUS.removesuffix("/status")
GLASS = "exemptions.coalmine.dev/break-glass"
NOW = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)
BY = ("--reason", "the payments are down", "--owner", "ada")


@pytest.fixture
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    for verb in ("promote", "status"):
        import_module(f"components.cli.{verb}")
        monkeypatch.setattr(f"components.cli.{verb}.moment", lambda: NOW)


def whole(body: Object) -> Object:
    """A Rollout as the API server gives one by itself."""
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", **body}


@pytest.mark.usefixtures("_now")
def test_a_promotion_with_a_reason_is_written_down_before_it_is_done(api: FakeApi, operate: Operate) -> None:
    api.rollouts(whole(at_step(1, 5)))
    done = operate("promote", "shop", "--full", *BY, "--hours", "3")
    assert (done.returncode, done.stderr) == (0, "")
    [(path, event)] = api.created
    assert (path, event["type"], event["reason"]) == (EVENTS, "Warning", "BreakGlass")
    assert event["involvedObject"]["kind"] == "Rollout"
    told = "Promotion without checks: broken by ada until 2026-12-01T16:30:00Z: the payments are down"
    assert event["message"] == told
    [(where, annotated), promoted_at] = api.patched
    assert promoted_at == (STATUS, {"status": {"promoteFull": True}})
    assert where == OBJECT
    assert json.loads(annotated["metadata"]["annotations"][GLASS]) == {
        "owner": "ada",
        "reason": "the payments are down",
        "until": "2026-12-01T16:30:00Z",
    }


@pytest.mark.usefixtures("_now")
def test_what_was_refused_is_taken_off_again_and_what_cannot_be_told_of_is_not_done(
    api: FakeApi, operate: Operate
) -> None:
    api.rollouts(whole(promoted()))
    assert "has no release in progress" in operate("promote", "shop", "--full", *BY).stderr
    assert api.patched[-1] == (OBJECT, {"metadata": {"annotations": {GLASS: None}}})
    api.patched.clear()
    api.rollouts(whole(at_step(1, 5)))
    api.forbidden.add(EVENTS)
    done = operate("promote", "shop", "--full", *BY)
    assert (done.returncode, api.patched) == (1, [])
    assert "is forbidden" in done.stderr


@pytest.mark.parametrize(
    ("full", "reason", "act"),
    [((), "StepEnded", "A step is ended without its checks"), (("--full",), "BreakGlass", "Promotion without checks")],
)
def test_nobody_skips_a_check_untold(
    api: FakeApi, operate: Operate, full: tuple[str, ...], reason: str, act: str
) -> None:
    """Without a reason, too; but without one nothing is exempted. What is refused then is told of as such."""
    api.rollouts(whole(at_step(1, 5)))
    assert operate("promote", "shop", *full, "--owner", "ada").returncode == 0
    said = f"{act}: by ada, who gave no reason"
    assert [(one["reason"], one["message"]) for _, one in api.created] == [(reason, said)]
    assert [where for where, _ in api.patched] == [STATUS]
    api.rollouts(whole(promoted()))
    assert operate("promote", "shop", *full, "--owner", "ada").returncode == 1
    *_, (_, told) = api.created
    assert told["reason"] == f"{reason}Refused"
    assert told["message"].startswith(f"{said}: not done: app 'shop' has no release in progress")
    api.patched.clear()
    api.rollouts(whole(at_step(1, 5)))
    api.forbidden.add(EVENTS)
    assert operate("promote", "shop", *full, "--owner", "ada").returncode == 1
    assert api.patched == []


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--reason", "x"), 1, "--reason goes with --full"),
        (("--full", "--owner", ""), 1, "the owner must be one line of 1 to 500 characters"),
        (("--full", "--reason", " "), 1, "the reason must be one line of 1 to 500 characters"),
        (("--full", "--reason", "x", "--owner", "a\nb"), 1, "the owner must be one line of 1 to 500 characters"),
        (("--full", "--reason", "x", "--hours", "25"), 2, "less than or equal to 24"),
    ],
)
def test_glass_is_not_broken_by_nobody_for_nothing_or_for_ever(
    api: FakeApi, operate: Operate, arguments: tuple[str, ...], code: int, says: str
) -> None:
    api.rollouts(at_step(1, 5))
    done = operate("promote", "shop", *arguments)
    assert (done.returncode, api.patched, api.created) == (code, [], [])
    assert says in done.stderr


@pytest.mark.usefixtures("_now")
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ({"owner": "ada", "reason": "down", "until": "2026-12-01T13:31:00Z"}, True),
        ({"owner": "ada", "reason": "down", "until": "2026-12-01T13:30:00Z"}, False),
        ({"owner": "ada", "until": "2026-12-01T13:31:00Z"}, False),
        ("broken", False),
    ],
)
def test_status_says_what_is_broken_now(api: FakeApi, operate: Operate, text: Any, shown: bool) -> None:
    body = deepcopy(at_step(1, 5))
    body["metadata"]["annotations"] = {GLASS: text if isinstance(text, str) else json.dumps(text)}
    api.rollouts(body)
    line = "glass broken by ada until 2026-12-01T13:31:00Z: down"
    assert (line in operate("status", "shop").stdout.splitlines()) == shown
    assert json.loads(operate("status", "shop", "--json").stdout)["break_glass"] == (text if shown else None)


def test_the_policies_read_what_the_command_writes() -> None:
    glass = Glass.broken("ada", 'the "payments" are down', MOST_HOURS, NOW)
    subject = KubeObject.of(
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": {"name": "shop", "annotations": {ANNOTATION: glass.text}},
            "spec": {"skipAnalysis": True},
        },
        Kind("flagger.app", "Canary"),
    )
    only = {"all": "disabled", "analysis-not-skipped": "mandatory", "exemptions": "mandatory"}
    for now, refused in ((NOW, 0), (NOW + timedelta(hours=MOST_HOURS), 1)):
        verdict = judge([subject], configured(discover().values(), only, now))
        assert (verdict.refused, len(verdict.exempted)) == (refused, 1 - refused)


def test_an_unknown_app_is_answered_with_the_nearest_name(api: FakeApi, operate: Operate) -> None:
    api.rollouts(named("shop"), named("search"))
    done = operate("status", "shpo")
    assert done.returncode == 1
    assert done.stderr.startswith("coalmine: no app 'shpo' on the cluster http://127.0.0.1:")
    assert done.stderr.endswith("(did you mean 'shop'?)\n")


def test_a_cluster_without_the_engine_has_no_apps(api: FakeApi, operate: Operate) -> None:
    assert "it has none that an engine releases" in operate("status", "shop").stderr


def test_an_app_in_two_namespaces_needs_one_of_them(api: FakeApi, operate: Operate) -> None:
    api.rollouts(named("shop"), named("shop", "other"))
    assert "is in several namespaces (other, shop): choose one with --namespace" in operate("status", "shop").stderr
    assert operate("status", "shop", "--namespace", "shop").returncode == 0


def test_a_stack_knows_cluster_and_namespace(
    api: FakeApi, operate: Operate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    project.apps(changed(example_app(), "namespace", to="shop"))
    project.stack(changed(stack_keys(), "cluster", "kubeconfig", to=str(api.kubeconfig)))
    name = project.load().apps[0].spec.name
    api.rollouts(named(name))
    options = ("--stack", "test", "--root", tmp_path)
    monkeypatch.setenv("KUBECONFIG", "/nowhere")
    done = operate("status", name, *options)
    assert (done.returncode, done.stderr) == (0, "")
    in_trouble = named(name)
    in_trouble["status"] = aborted()["status"]
    api.rollouts(in_trouble)
    assert f"coalmine retry --stack test {name}" in operate("status", name, *options).stdout
    api.rollouts()
    assert "is not on the cluster" in operate("status", name, *options).stderr
    assert f"did you mean '{name}'" in operate("status", f"{name}x", *options).stderr
    assert "--namespace goes without --stack" in operate("status", name, "-n", "shop", *options).stderr


def test_a_stack_whose_kubeconfig_is_encrypted_is_asked_through_the_environments_and_says_so(
    api: FakeApi, operate: Operate, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.apps(changed(example_app(), "namespace", to="shop"))
    project.stack(changed(stack_keys(), "cluster", "kubeconfig", to={"secure": "v1:AAAA"}))
    name = project.load().apps[0].spec.name
    api.rollouts(named(name))
    done = operate("status", name, "--stack", "test", "--root", tmp_path, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["app"] == name
    [said] = done.stderr.splitlines()
    assert said.startswith("the kubeconfig of stack 'test' is encrypted, and only Pulumi can open it: asking http://")
    assert said.endswith(", which $KUBECONFIG names")


@pytest.mark.parametrize("verb", ["status", "watch", *ACTIONS])
def test_a_cluster_that_cannot_be_reached_is_one_line(operate: Operate, verb: str, tmp_path: Path) -> None:
    with serving(tmp_path):
        pass
    done = operate(verb, "shop")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be reached (connection refused): start the cluster" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("verb", ["status", "watch", *ACTIONS])
def test_every_verb_explains_itself(operate: Operate, verb: str) -> None:
    shown = operate(verb, "--help").stdout
    for option in ("--json", "--stack", "--namespace", "--root"):
        assert option in shown
