"""What holds for every notification channel: reached or refused by each engine, and its credentials stand nowhere."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.contracts import Channel, Engine
from components.contracts_of.argo_rollouts import RolloutsChannel, secret_key
from components.contracts_of.flagger import Credential, FlaggerChannel
from components.engines.argo_rollouts.messages import words
from components.engines.argo_rollouts.notifications import CONFIG_MAP, SECRET
from components.listeners import channels_of
from components.platform.notifications import controller_config
from components.spec.channels import EVENTS
from components.spec.cluster import StackSpec
from components.spec.registry import variants
from localcluster.tools import tool_path
from tests.specs import changed, stack_keys

from .variants import example_of

KINDS = [(kind, model) for kind, model in variants("notify").items() if issubclass(model, Channel)]
ENGINES = [model for model in variants("engine").values() if issubclass(model, Engine)]
EVERY = {kind: example_of(model) for kind, model in KINDS}
IDS = [kind for kind, _ in KINDS]
SHOWN = "a-credential-in-the-open"


def stack(**channels: Mapping[str, Any]) -> StackSpec:
    return StackSpec.model_validate(changed(stack_keys(), "delivery", "channels", to=channels))


def channel(kind: str) -> Channel:
    return channels_of(stack(it=EVERY[kind]).delivery)["it"]


@pytest.mark.parametrize(("kind", "model"), KINDS, ids=IDS)
def test_an_engine_reaches_it_or_says_why_not_and_what_instead(kind: str, model: type[Channel]) -> None:
    for engine in ENGINES:
        name = engine.model_fields["kind"].default
        reached = issubclass(model, engine.channel_contract)
        assert reached is not (name in model.refused), f"{kind} with {name} is neither reached nor refused, or both"
        if not reached:
            assert model.refused[name].why
            assert model.refused[name].instead


@pytest.mark.parametrize("kind", IDS)
def test_credentials_are_referred_to_and_nothing_else_is_hidden(kind: str) -> None:
    one = channel(kind)
    if isinstance(one, RolloutsChannel):
        found = set(re.findall(r"\$([\w-]+)", json.dumps(one.rollouts_options("it"))))
        assert found == {secret_key("it", role) for role in one.credentials}
    if isinstance(one, FlaggerChannel):
        roles = {value.role for value in one.flagger_secret().values() if isinstance(value, Credential)}
        assert roles == set(one.credentials)
        assert not roles & one.flagger_fields().keys(), "an AlertProvider is not secret"


@pytest.mark.parametrize("kind", IDS)
def test_what_is_not_a_webhook_says_the_same_for_all_channels_of_its_kind(kind: str) -> None:
    """The controller has one such part in each template, whoever it is sent to."""
    one = channel(kind)
    if not isinstance(one, RolloutsChannel):
        return
    for event in EVENTS:
        first, second = (one.rollouts_template(name, words(event, "here")) for name in ("a", "b"))
        if one.rollouts_service == "webhook":
            assert (set(first["webhook"]), set(second["webhook"])) == ({"a"}, {"b"})
        else:
            assert first == second


@pytest.mark.parametrize("kind", [kind for kind in IDS if channel(kind).credentials])
def test_a_credential_is_a_secret_or_refused(kind: str) -> None:
    keys = changed(stack_keys(), "delivery", "channels", to={"it": EVERY[kind]})
    hidden = {role: {"secure": "v1:abc"} for role in channel(kind).credentials}
    made = StackSpec.model_validate({**keys, "credentials": {"it": hidden}})
    assert set(made.credentials["it"]) == set(channel(kind).credentials)
    plain = dict.fromkeys(hidden, SHOWN)
    with pytest.raises(ValueError, match="pulumi config set --secret") as raised:
        StackSpec.model_validate({**keys, "credentials": {"it": plain}})
    assert SHOWN not in str(raised.value), "the message shows the credential"


ROLLOUT: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Rollout",
    "metadata": {"name": "shop", "namespace": "shop"},
    "spec": {
        "template": {"metadata": {"labels": {"app.kubernetes.io/version": "2.0.0"}}},
        "strategy": {
            "canary": {
                "steps": [
                    {"setWeight": 5},
                    {"analysis": {"templates": [], "args": [{"name": "count"}]}},
                    {"pause": {"duration": "10s"}},
                    {"setWeight": 25},
                    {"analysis": {"templates": [], "args": [{"name": "count"}]}},
                    {"pause": {}},
                ]
            }
        },
    },
    "status": {"currentStepIndex": 1, "canary": {"weights": {"canary": {"weight": 5}}}},
}
KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "", "namespace": "shop"}}],
    "current-context": "a",
}


class Controller:
    """The controller's own notification engine, on files instead of a cluster."""

    def __init__(self, folder: Path, spec: StackSpec) -> None:
        self._folder = folder
        [config] = controller_config(spec, "argo-rollouts")
        self.config = config
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "stringData": {}}
        for name, content in {"config": config, "secret": secret, "kubeconfig": KUBECONFIG}.items():
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")

    def _run(self, *words: str, rollout: Mapping[str, Any]) -> str:
        file = self._folder / "rollout.yaml"
        file.write_text(yaml.safe_dump(dict(rollout)), encoding="utf-8")
        files = ["--config-map", str(self._folder / "config"), "--secret", str(self._folder / "secret")]
        files += ["--kubeconfig", str(self._folder / "kubeconfig")]
        command = [str(tool_path("kubectl-argo-rollouts")), "notifications", *words, str(file), *files]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        # Credentials are not there, and there is no analysis outside the controller: all else is an error.
        errors = [line for line in done.stderr.splitlines() if "level=error" in line]
        assert not errors, errors
        return done.stdout

    def sends(self, trigger: str, rollout: Mapping[str, Any]) -> bool:
        """Whether a trigger with a condition would send something."""
        return self._run("trigger", "run", trigger, rollout=rollout).split()[-1] == "true"

    def says(self, event: str, rollout: Mapping[str, Any]) -> dict[str, Any]:
        """The notification, as the services get it."""
        said: dict[str, Any] = yaml.safe_load(self._run("template", "notify", event, rollout=rollout))
        return said


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    # A GitHub App's key is read when the configuration is: without one the engine refuses all of it.
    return Controller(tmp_path, stack(**{kind: EVERY[kind] for kind in IDS if kind != "github"}))


def at(step: int, **status: Any) -> dict[str, Any]:
    return {**ROLLOUT, "status": {**ROLLOUT["status"], "currentStepIndex": step, **status}}


WHERE = "step 2 of 2, weight 5 %"
SAID = {
    "started": "shop 2.0.0 on test: release started. More: `coalmine status shop`",
    "step": "shop 2.0.0 on test: passed its checks of step 1 of 2, weight now 5 %. More: `coalmine status shop`",
    "approval": f"shop 2.0.0 on test: waits for an approval at {WHERE}: `coalmine approve shop` lets it go on, "
    "`coalmine abort shop` takes it back. More: `coalmine status shop`",
    "promoted": "shop 2.0.0 on test: promoted, gets all traffic. More: `coalmine status shop`",
    "aborted": f"shop 2.0.0 on test: taken back at {WHERE}: no progress for 600s: its pods do not become ready. "
    "More: `coalmine status shop`",
}


@pytest.mark.parametrize("event", EVENTS)
def test_the_controllers_engine_makes_every_services_message(controller: Controller, event: str) -> None:
    said = controller.says(event, at(4))
    assert said["message"] == SAID[event]
    bodies = {name: json.loads(one["body"]) for name, one in said["webhook"].items()}
    assert set(bodies) == {"discord", "rocket-chat", "teams", "webhook"}
    assert bodies["discord"]["content"] == bodies["rocket-chat"]["text"] == SAID[event]
    facts = bodies["webhook"]
    assert (facts["event"], facts["app"], facts["namespace"], facts["version"]) == (event, "shop", "shop", "2.0.0")
    assert facts["weight"] == (100 if event == "promoted" else 5)
    assert said["pagerdutyv2"]["summary"] == said["email"]["body"] == said["opsgenie"]["description"] == SAID[event]


def test_without_a_router_the_share_of_the_pods_is_the_weight(controller: Controller) -> None:
    """The controller knows no weights then."""
    pods = {"replicas": 300, "updatedReplicas": 7, "canary": {}}
    assert "at step 2 of 2, weight 3 %:" in controller.says("approval", at(4, **pods))["message"]
    routing = {"canary": {**ROLLOUT["spec"]["strategy"]["canary"], "trafficRouting": {"nginx": {}}}}
    routed = {**at(4, **pods), "spec": {**ROLLOUT["spec"], "strategy": routing}}
    assert "at step 2 of 2, weight 0 %:" in controller.says("approval", routed)["message"]


def test_a_gate_is_no_step_of_its_own(controller: Controller) -> None:
    steps = [{"analysis": {"templates": []}}, *ROLLOUT["spec"]["strategy"]["canary"]["steps"]]
    spec = {**ROLLOUT["spec"], "strategy": {"canary": {"steps": steps}}}
    assert "at step 1 of 2," in controller.says("approval", {**at(2), "spec": spec})["message"]
    assert not controller.sends("passed-a-step", {**at(1, **RELEASING), "spec": spec})


def test_an_abort_by_hand_says_so(controller: Controller) -> None:
    assert controller.says("aborted", at(4, abort=True))["message"] == (
        f"shop 2.0.0 on test: taken back at {WHERE}: aborted by hand. More: `coalmine status shop`"
    )


def test_an_experiment_is_a_step_and_its_failure_a_reason(controller: Controller) -> None:
    """The controller gives the template no analysis of an experiment: `coalmine status` knows which check it was."""
    steps = [{"experiment": {"templates": []}}, *ROLLOUT["spec"]["strategy"]["canary"]["steps"]]
    spec = {**ROLLOUT["spec"], "strategy": {"canary": {"steps": steps}}}
    said = controller.says("aborted", {**at(0), "spec": spec})["message"]
    assert "taken back at step 1 of 3" in said
    assert "its experiment failed" in said
    assert "aborted by hand" in controller.says("aborted", {**at(0, abort=True), "spec": spec})["message"]
    assert controller.sends("passed-a-step", {**at(1, **RELEASING), "spec": spec})


@pytest.mark.parametrize(("step", "where"), [(0, 1), (1, 1), (2, 1), (3, 2), (4, 2), (5, 2)])
def test_a_step_is_what_the_app_calls_one(controller: Controller, step: int, where: int) -> None:
    assert f"at step {where} of 2," in controller.says("approval", at(step))["message"]


RELEASING = {"stableRS": "a", "currentPodHash": "b"}


def test_a_step_is_told_when_its_checks_passed_and_not_of_a_first_deployment(controller: Controller) -> None:
    passed = [step for step in range(7) if controller.sends("passed-a-step", at(step, **RELEASING))]
    assert passed == [2, 3, 4, 5, 6]
    for stable in ({}, {"stableRS": "b"}):
        assert not controller.sends("passed-a-step", at(6, currentPodHash="b", **stable))
    [trigger] = yaml.safe_load(controller.config["data"]["trigger.passed-a-step"])
    assert trigger["oncePer"].startswith("rollout.status.currentPodHash + '/' + string(count("), "told again and again"


def test_only_pauses_without_an_end_wait(controller: Controller) -> None:
    pause = {"pauseConditions": [{"reason": "CanaryPauseStep"}]}
    waits = [step for step in range(6) if controller.sends("waits", at(step, **pause))]
    # An undecided analysis pauses a Rollout too, and only a person ends that.
    assert set(waits) >= {1, 4, 5}
    assert 2 not in waits, "this pause ends by itself"
    switched = {**at(0, **pause), "spec": {**ROLLOUT["spec"], "strategy": {"blueGreen": {"activeService": "a"}}}}
    assert controller.sends("waits", switched)
    for quiet in ({**switched, "status": {}}, *(at(step) for step in range(7))):
        assert not controller.sends("waits", quiet), "nothing waits"


def test_the_deadline_is_told_as_such_also_when_the_abort_is_in_the_status(controller: Controller) -> None:
    late = at(4, abort=True, conditions=[{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}])
    assert controller.says("aborted", late)["message"] == SAID["aborted"]


def test_what_the_controller_tells_of_at_once_has_no_condition(controller: Controller) -> None:
    """It would be asked at every change of a Rollout as well, and told twice or at the wrong time."""
    for key, text in controller.config["data"].items():
        [trigger] = yaml.safe_load(text) if key.startswith("trigger.") else [{}]
        assert not (key.startswith("trigger.on-") and "when" in trigger), key


def test_the_configuration_is_one_the_controller_finds(controller: Controller) -> None:
    assert controller.config["metadata"] == {"name": CONFIG_MAP, "namespace": "argo-rollouts"}
    triggers = {key for key in controller.config["data"] if key.startswith("trigger.")}
    assert len(triggers) == len(EVENTS)
    assert len(json.dumps(controller.config)) < 500_000, "an object may have a mebibyte"
