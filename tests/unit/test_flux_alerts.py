"""Who hears that Flux cannot bring an app: the channels that hear of its failed releases, where Flux can reach them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.contracts import Channel
from components.contracts_of.flagger import Credential
from components.contracts_of.flux import FluxChannel
from components.listeners import channels_of
from components.manifests.meta import Manifest
from components.platform.git_sources import git_sources
from components.platform.sources import FLUX_MANIFESTS, locate
from components.spec.channels import SecretText
from components.spec.cluster import StackSpec
from components.spec.registry import variants
from tests.contract.variants import example_of
from tests.specs import Project, changed, example_app, only, stack_keys

CHANNELS = {
    "team-shop": {"kind": "slack", "channel": "shop"},
    "others": {"kind": "teams"},
    "on-call": {"kind": "pagerduty"},
}
GITOPS = {"kind": "flux", "repository": "https://git.example.com/platform/delivery.git"}
OF_ALERTS = ("Provider", "Alert")
REACHED = {
    kind: model
    for kind, model in variants("notify").items()
    if issubclass(model, Channel) and issubclass(model, FluxChannel)
}


def keys(**more: Any) -> dict[str, Any]:
    with_channels = changed(stack_keys(), "delivery", "channels", to=CHANNELS)
    return {**with_channels, "gitops": GITOPS, "apps": {"files": ["apps/*.yaml"], "via": "gitops"}, **more}


def told(root: Path, app: dict[str, Any] | None = None, **more: Any) -> list[Manifest]:
    project = Project(root)
    project.stack(keys(**more))
    project.apps(app or example_app())
    loaded = project.load()
    return list(git_sources(loaded.spec, [one.spec for one in loaded.apps]))


def alerts(objects: list[Manifest]) -> list[str]:
    return [item["metadata"]["name"] for item in objects if item["kind"] == "Alert"]


def test_the_team_of_an_app_hears_of_it_and_of_the_repository(tmp_path: Path) -> None:
    objects = told(tmp_path)
    assert alerts(objects) == ["notify-team-shop"]
    alert = only(objects, "Alert")
    assert alert["metadata"]["namespace"] == "flux-system"
    assert alert["spec"] == {
        "providerRef": {"name": "notify-team-shop"},
        "eventSeverity": "error",
        "eventSources": [{"kind": "GitRepository", "name": "coalmine"}, {"kind": "Kustomization", "name": "shop"}],
    }
    provider = only(objects, "Provider")
    assert provider["spec"]["type"] == "slack"
    assert provider["spec"]["channel"] == "shop"
    assert provider["spec"]["secretRef"] == {"name": "notify-team-shop"}


def test_an_app_says_itself_who_hears_of_what_fails(tmp_path: Path) -> None:
    objects = told(tmp_path, {**example_app(), "notify": ["others", {"channel": "team-shop", "events": ["promoted"]}]})
    assert alerts(objects) == ["notify-others"]


def test_a_channel_that_flux_cannot_reach_is_left_out(tmp_path: Path) -> None:
    assert alerts(told(tmp_path, {**example_app(), "notify": ["on-call"]})) == []


@pytest.mark.parametrize(
    "more",
    [
        {"platform": {"flux": {"controllers": ["source", "kustomize"]}}},
        {"platform": {"flux": {"install": False}}},
        {"apps": {"files": ["apps/*.yaml"], "via": "pulumi"}},
        {"gitops": {**GITOPS, "kind": "argocd"}},
    ],
    ids=["no controller", "another Flux", "no app from Git", "Argo CD"],
)
def test_nobody_is_told_where_nothing_would_tell(tmp_path: Path, more: dict[str, Any]) -> None:
    assert not [item for item in told(tmp_path, **more) if item["kind"] in OF_ALERTS]


def test_credentials_of_the_stack_come_into_a_secret_and_stay_hidden(tmp_path: Path) -> None:
    channels = {"team-shop": CHANNELS["team-shop"]}
    project = Project(tmp_path)
    project.apps(example_app())
    given = changed(keys(), "delivery", "channels", to=channels)
    project.stack({**given, "credentials": {"team-shop": {"token": {"secure": "v1:AAAA"}}}})
    loaded = project.load()
    objects = list(git_sources(loaded.spec, [one.spec for one in loaded.apps]))
    secret = only(objects, "Secret", "notify-team-shop")
    assert isinstance(secret["stringData"]["token"], SecretText)
    assert secret["stringData"]["address"] == "https://slack.com/api/chat.postMessage"


@pytest.mark.parametrize("kind", REACHED)
def test_flux_knows_every_kind_that_it_is_said_to_reach(kind: str) -> None:
    file = locate(FLUX_MANIFESTS) / FLUX_MANIFESTS.paths[0] / "notification-controller.yaml"
    definitions = [one for one in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader) if one]
    provider = only(definitions, "CustomResourceDefinition", "providers.notification.toolkit.fluxcd.io")
    [version] = [one for one in provider["spec"]["versions"] if one["name"] == "v1beta3"]
    known = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    stack = StackSpec.model_validate(
        changed(stack_keys(), "delivery", "channels", to={"it": example_of(REACHED[kind])})
    )
    channel = FluxChannel.of(channels_of(stack.delivery)["it"])
    assert channel.flux_type in known["type"]["enum"]
    assert channel.flux_fields().keys() <= known.keys()
    roles = {value.role for value in channel.flux_secret().values() if isinstance(value, Credential)}
    assert roles == set(channels_of(stack.delivery)["it"].credentials)
