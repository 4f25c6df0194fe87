"""Who is told of what, by either engine; what cannot be told is refused, and an approval never waits unheard."""

import json
from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled
from components.manifests.generated import filled
from components.platform.alert_secrets import alert_secrets
from components.platform.notifications import controller_config, problems, with_credentials
from components.platform.piece import pieces_of
from components.spec.channels import SecretText
from components.spec.cluster import StackSpec
from tests.specs import Project, changed, compiled_app, example_app, only, stack_keys

SLACK = {"kind": "slack", "channel": "releases"}
GITHUB = {"kind": "github", "repository": "example/shop", "app_id": 1, "installation_id": 2}
CHANNELS: dict[str, Any] = {"releases": SLACK, "on-call": "pagerduty", "hook": "webhook", "commits": GITHUB}
OWNER = example_app()["owner"]
STEPS = {"steps": [{"weight": 10, "hold": "10m"}]}


def keys(channels: dict[str, Any] | None = None) -> dict[str, Any]:
    both = changed(stack_keys(), "delivery", "other_engines", to=["flagger"])
    return changed(both, "delivery", "channels", to=CHANNELS if channels is None else channels)


def app(engine: str = "argo-rollouts", **fields: Any) -> dict[str, Any]:
    made = example_app()
    return {**made, "delivery": {"analysis": made["delivery"]["analysis"], **STEPS, "engine": engine}, **fields}


def compiled(root: Path, spec: dict[str, Any], channels: dict[str, Any] | None = None) -> Compiled:
    return compiled_app(root, spec, keys(channels))


def messages(root: Path, spec: dict[str, Any], channels: dict[str, Any] | None = None) -> list[str]:
    project = Project(root)
    project.stack(keys(channels))
    project.apps(spec)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def subscribed(made: Compiled) -> dict[str, str]:
    """Trigger and channel -> recipient."""
    annotations = only(made.manifests, "Rollout")["metadata"].get("annotations", {})
    prefix = "notifications.argoproj.io/subscribe."
    return {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}


def test_failures_and_waits_are_told_without_being_asked_for(tmp_path: Path) -> None:
    made = compiled(tmp_path, app(), {"releases": SLACK, "hook": "webhook"})
    assert subscribed(made) == {
        "waits.hook": "",
        "on-rollout-aborted.hook": "",
        "waits.releases": "releases",
        "on-rollout-aborted.releases": "releases",
    }


def test_the_owners_channel_is_told_and_no_other_team(tmp_path: Path) -> None:
    made = compiled(tmp_path, app(), {OWNER: SLACK, "others": "webhook"})
    assert set(subscribed(made)) == {f"waits.{OWNER}", f"on-rollout-aborted.{OWNER}"}


def test_an_app_that_asks_is_told_that_and_no_more(tmp_path: Path) -> None:
    events = ["promoted", "started", "step"]
    made = compiled(tmp_path, app(notify=[{"channel": "releases", "events": events}]))
    triggers = {key.split(".")[0] for key in subscribed(made)}
    assert triggers == {"on-rollout-updated", "passed-a-step", "on-rollout-completed"}
    assert subscribed(compiled(tmp_path, app(notify=[]))) == {}


def test_messages_know_the_limit_of_every_check(tmp_path: Path) -> None:
    rollout = only(compiled(tmp_path, app(notify=["releases"])).manifests, "Rollout")
    limits = json.loads(rollout["metadata"]["annotations"]["coalmine.dev/limits"])
    assert limits["error-rate"] == {"limit": "1%", "factor": 100, "format": "%.1f%%"}
    assert limits["latency-p99"]["factor"] == 1, "Istio's histogram is in milliseconds"


def test_flagger_gets_a_provider_and_the_level_that_holds_the_events(tmp_path: Path) -> None:
    every = ["started", "promoted", "aborted"]
    spec = app("flagger", notify=["releases", {"channel": "second", "events": every}])
    made = compiled(tmp_path, spec, {"releases": SLACK, "second": "teams"})
    alerts = only(made.manifests, "Canary")["spec"]["analysis"]["alerts"]
    assert [(one["name"], one["severity"]) for one in alerts] == [("releases", "warn"), ("second", "info")]
    for one in alerts:
        provider = only(made.manifests, "AlertProvider", one["providerRef"]["name"])
        assert provider["metadata"]["namespace"] == one["providerRef"]["namespace"]
        assert provider["spec"]["secretRef"] == {"name": f"notify-{one['name']}"}
        assert "address" not in provider["spec"], "an address is a credential"


def test_a_channel_that_the_engine_lacks_is_named_where_nobody_asked_for_it(tmp_path: Path) -> None:
    made = compiled(tmp_path, app("flagger"))
    assert [one["name"] for one in only(made.manifests, "Canary")["spec"]["analysis"]["alerts"]] == ["releases"]
    assert [note for note in made.notes if "not told" in note] == [
        "Channel 'commits' is not told: flagger cannot reach kind 'github'",
        "Channel 'hook' is not told: flagger cannot reach kind 'webhook'",
        "Channel 'on-call' is not told: flagger cannot reach kind 'pagerduty'",
    ]


REFUSED = [
    (
        app(notify=["release"]),
        "notify[0].channel: the cluster has no channel 'release' (did you mean 'releases'?): see delivery.channels",
    ),
    (
        app("flagger", notify=["releases", "on-call"]),
        "notify[1]: app 'shop' cannot be told to channel 'on-call' of kind 'pagerduty' with engine 'flagger': Flagger "
        "sends to chats only; let PagerDuty listen to a chat channel that Flagger can reach, or choose engine "
        "'argo-rollouts'",
    ),
    (
        app("flagger", notify=[{"channel": "releases", "events": ["step", "aborted"]}]),
        "notify[0].events: engine 'flagger' tells nobody of single steps; leave 'step' out, or choose engine "
        "'argo-rollouts'",
    ),
    (
        app("flagger", notify=[{"channel": "releases", "events": ["promoted"]}]),
        "notify[0].events: engine 'flagger' tells of promoted and started, aborted together only; add 'started' and "
        "'aborted', or choose engine 'argo-rollouts'",
    ),
    (
        app(notify=["releases", "releases"]),
        "notify[1]: 'releases' is told already: give all of its events in one place",
    ),
    (
        app(notify=["commits"]),
        "workload.annotations.org.opencontainers.image.revision: is required by a GitHub channel: the commit that "
        "is released",
    ),
]


@pytest.mark.parametrize(("spec", "expected"), REFUSED, ids=[case[1][:40] for case in REFUSED])
def test_what_cannot_be_told_is_refused_with_what_can(tmp_path: Path, spec: dict[str, Any], expected: str) -> None:
    assert messages(tmp_path, spec) == [expected]


def waiting(**fields: Any) -> dict[str, Any]:
    step = {"weight": 10, "hold": "10m", "approval": True}
    return changed(app(**fields), "delivery", "steps", to=[step])


@pytest.mark.trap(18)
@pytest.mark.parametrize("told", [[], [{"channel": "releases", "events": ["aborted"]}]], ids=["nobody", "not of waits"])
def test_an_approval_that_nobody_hears_of_is_refused(tmp_path: Path, told: list[Any]) -> None:
    assert messages(tmp_path, waiting(notify=told)) == [
        "delivery.steps[0]: app 'shop' would wait without an end, and nobody is told; add a channel to 'notify' with "
        "the event 'approval'"
    ]


def test_an_approval_is_told_by_default_and_noted_where_there_is_no_channel(tmp_path: Path) -> None:
    assert messages(tmp_path, waiting()) == []
    [note] = [note for note in compiled(tmp_path, waiting(), {}).notes if "Nobody" in note]
    assert note == "Nobody is told that a release waits for an approval: the cluster has no channel"


SECRETS = {"releases": {"token": SecretText("xoxb-hidden")}, "hook": {"address": SecretText("https://hidden")}}


def with_secrets(**changes: Any) -> StackSpec:
    channels = keys({"releases": SLACK, "hook": "webhook"})
    return StackSpec.model_validate({**channels, "credentials": SECRETS, **changes})


def specs(root: Path, *apps: dict[str, Any]) -> list[Any]:
    project = Project(root)
    project.stack(keys({"releases": SLACK, "hook": "webhook"}))
    project.apps(*apps)
    return [one.spec for one in project.load().apps]


def test_credentials_reach_a_secret_for_each_engine_and_nothing_else(tmp_path: Path) -> None:
    stack = with_secrets()
    upstream = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argo-rollouts-notification-secret"}}
    filled_in = filled(with_credentials(upstream, stack), lambda hidden: getattr(hidden, "contents", ""))
    assert filled_in["stringData"] == {"hook-address": "https://hidden", "releases-token": "xoxb-hidden"}
    second = {**app("flagger"), "name": "second", "traffic": {"hosts": ["second.example.com"]}}
    made = alert_secrets(stack, specs(tmp_path, app("flagger"), second))
    assert [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in made] == [("shop", "notify-releases")]
    assert made[0]["stringData"]["address"] == "https://slack.com/api/chat.postMessage"
    every = [*controller_config(stack, "argo-rollouts"), *made, stack, stack.model_dump(mode="json")]
    assert "hidden" not in repr(every), "only Pulumi writes a credential, into a Secret"


def test_without_credentials_the_secrets_are_others(tmp_path: Path) -> None:
    stack = with_secrets(credentials={})
    assert alert_secrets(stack, specs(tmp_path, app("flagger"))) == []
    upstream = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argo-rollouts-notification-secret"}}
    assert with_credentials(upstream, stack) == upstream


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ({"relases": {"token": {"secure": "v1:a"}}}, "no channel of this name in delivery.channels"),
        ({"releases": {"tokn": {"secure": "v1:a"}}}, "kind 'slack' has no such credential (known: token)"),
        ({"releases": {"token": {"secure": "v1:a"}}}, "'address' of channel 'hook' is missing: give all"),
    ],
)
def test_credentials_are_those_that_the_channels_need(credentials: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected.replace("(", r"\(").replace(")", r"\)")):
        with_secrets(credentials=credentials)


def test_channels_of_a_controller_that_is_not_ours_are_refused() -> None:
    stack = with_secrets(platform={"argo_rollouts": {"install": False}})
    [(path, message)] = problems(stack)
    assert path == "delivery.channels"
    assert "set platform.argo_rollouts.install to true" in message
    assert not list(problems(with_secrets()))


def test_without_channels_the_controller_is_as_upstream_has_it() -> None:
    stack = StackSpec.model_validate(stack_keys())
    assert controller_config(stack, "argo-rollouts") == []
    assert "argo-rollouts" in {piece.name for piece in pieces_of(stack)}
