"""Plug-ins of routers: the controller gets those that the stack names, and is refused without one that is needed."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifests.meta import Manifest
from components.platform.pieces.argo_rollouts import PIECE
from components.spec.cluster import StackSpec
from tests.specs import Project, changed, only, stack_keys
from tests.unit.routers.apps import app

GATEWAY_API, CONTOUR = "argoproj-labs/gatewayAPI", "argoproj-labs/contour"
GIVEN = {"location": "https://example.com/gatewayapi-plugin-linux-amd64", "sha256": "a1" * 32}


def keys(*routers: str, **plugins: Any) -> dict[str, Any]:
    chosen = changed(stack_keys(), "delivery", "router", to=routers[0])
    beside = changed(chosen, "delivery", "other_routers", to=list(routers[1:]))
    return {**beside, "platform": {"argo_rollouts": {"plugins": plugins}}}


def stack(root: Path, *routers: str, **plugins: Any) -> StackSpec:
    project = Project(root)
    project.stack(keys(*routers, **plugins))
    project.apps(app())
    return project.load().spec


def installed(root: Path, *routers: str, **plugins: Any) -> list[Manifest]:
    return [item for stage in PIECE.stages(stack(root, *routers, **plugins)) for item in stage]


def test_the_controller_is_told_where_a_plug_in_is_and_which_file_is_the_right_one(tmp_path: Path) -> None:
    objects = installed(tmp_path, "gateway-api", **{GATEWAY_API: GIVEN})
    told = yaml.safe_load(only(objects, "ConfigMap", "argo-rollouts-config")["data"]["trafficRouterPlugins"])
    assert told == [{"name": GATEWAY_API, **GIVEN}]


def test_the_controller_may_do_what_the_plug_ins_do(tmp_path: Path) -> None:
    rules = only(installed(tmp_path, "contour", "consul"), "ClusterRole", "argo-rollouts")["rules"]
    allowed = {(group, kind) for rule in rules for group in rule["apiGroups"] for kind in rule["resources"]}
    assert {
        ("consul.hashicorp.com", "servicesplitters"),
        ("consul.hashicorp.com", "serviceresolvers"),
        ("projectcontour.io", "httpproxies"),
    } <= allowed
    assert ("gateway.networking.k8s.io", "httproutes") not in allowed


def test_another_plug_in_starts_the_controller_anew(tmp_path: Path) -> None:
    """It reads the list only when it starts."""
    plugins = [{**GIVEN, "sha256": digit * 64} for digit in ("1", "2")]
    first, second = (
        only(installed(tmp_path / one["sha256"], "gateway-api", **{GATEWAY_API: one}), "Deployment") for one in plugins
    )
    marks = [one["spec"]["template"]["metadata"]["annotations"]["coalmine.dev/plugins"] for one in (first, second)]
    assert marks[0] != marks[1]


def test_without_plug_ins_nothing_of_the_release_is_changed(tmp_path: Path) -> None:
    objects = installed(tmp_path, "istio")
    assert "data" not in only(objects, "ConfigMap", "argo-rollouts-config")
    assert "coalmine.dev/plugins" not in str(only(objects, "Deployment"))


@pytest.mark.parametrize("routers", [("gateway-api",), ("istio", "gateway-api")])
def test_a_router_whose_plug_in_is_not_named_is_refused(tmp_path: Path, routers: tuple[str, ...]) -> None:
    [(path, message)] = PIECE.problems(stack(tmp_path, *routers))
    assert path == "platform.argo_rollouts.plugins"
    assert message == (
        f"router 'gateway-api' needs the plug-in {GATEWAY_API}, without which no weight would ever move: give its "
        "location and sha256, or set platform.argo_rollouts.install to false and install Argo Rollouts with it yourself"
    )


def test_a_plug_in_that_no_router_needs_is_refused(tmp_path: Path) -> None:
    [(path, message)] = PIECE.problems(stack(tmp_path, "gateway-api", **{GATEWAY_API: GIVEN, CONTOUR: GIVEN}))
    assert path == f"platform.argo_rollouts.plugins.{CONTOUR}"
    assert message == f"no router of the stack needs it (needed: {GATEWAY_API}): leave it out"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"location": "http://example.com/plugin"}, "location: write it like 'https://example.com/file'"),
        ({"sha256": "a1"}, "sha256: "),
        ({"sha256": None}, "sha256: "),
    ],
)
def test_a_file_that_nobody_could_vouch_for_is_refused(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    project = Project(tmp_path)
    project.stack(keys("gateway-api", **{GATEWAY_API: {**GIVEN, **wrong}}))
    project.apps(app())
    [message] = project.messages()
    assert f"platform.argo_rollouts.plugins.{GATEWAY_API}.{said.split(': ')[0]}: " in message
