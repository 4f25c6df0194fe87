"""Users who got the stable version keep it too, or the app says that they may drift to the new one."""

from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled
from tests.specs import Project, compiled_app, only

from .apps import DRIFTING, STICKY, app, compiled, refused, stack

GATEWAY = {"kind": "gateway-api", "gateway": "public", "implementation": "contour"}
WITH_A_STABLE_COOKIE = {"kind": "flagger", "version": "1.41.0"}
"""The first release whose routes of the Gateway API have one. Source: flagger v1.41, pkg/router/gateway_api.go."""
ONE_BEFORE = {"kind": "flagger", "version": "1.40.0"}
NOT_KEPT = "delivery.session_affinity: app 'shop' needs users who keep the version they got, which engine 'flagger'"


def by(router: str | dict[str, Any], engine: dict[str, Any]) -> dict[str, Any]:
    """A stack with a router and a release of Flagger."""
    made = stack(router, "flagger")
    return {**made, "delivery": {**made["delivery"], "engine": engine}}


def affinity(made: Compiled) -> Any:
    """What the Canary says about cookies."""
    return only(made.manifests, "Canary")["spec"]["analysis"]["sessionAffinity"]


def messages(root: Path, router: str | dict[str, Any], engine: dict[str, Any], delivery: dict[str, Any]) -> list[str]:
    """What is wrong with an app behind a router, on a release of Flagger."""
    project = Project(root)
    project.stack(by(router, engine))
    project.apps(app(delivery))
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


@pytest.mark.trap(35)
def test_users_of_the_stable_version_get_a_cookie_of_their_own_where_flagger_has_one(tmp_path: Path) -> None:
    made = compiled_app(tmp_path, app(STICKY), by(GATEWAY, WITH_A_STABLE_COOKIE))

    # Flagger refuses a Canary with one name for both.
    assert affinity(made) == {"cookieName": "c", "maxAge": 86_400, "primaryCookieName": "c-stable"}
    [note] = [note for note in made.notes if "keep the version" in note]
    assert note.endswith("who got the stable version keeps it for one hold, and is drawn again at the next weight")


@pytest.mark.trap(35)
def test_an_older_flagger_is_refused_with_what_keeps_them_and_what_an_app_may_accept(
    tmp_path: Path,
) -> None:
    [message] = messages(tmp_path, GATEWAY, ONE_BEFORE, STICKY)

    assert message.startswith(
        f"{NOT_KEPT} with router 'gateway-api' has since 1.41.0 only: name that in engine.version"
    )
    assert ", or set session_affinity.stable_may_drift to true" in message


@pytest.mark.trap(35)
@pytest.mark.parametrize("engine", [ONE_BEFORE, WITH_A_STABLE_COOKIE], ids=lambda one: one["version"])
def test_behind_istio_no_flagger_keeps_them(tmp_path: Path, engine: dict[str, Any]) -> None:
    [message] = messages(tmp_path, "istio", engine, STICKY)

    assert message.startswith(f"{NOT_KEPT} with router 'istio' cannot do: Flagger remembers only who got the canary")
    assert message.endswith(
        "set session_affinity.stable_may_drift to true where that may be; routers that can: gateway-api"
    )


@pytest.mark.parametrize("router", ["istio", GATEWAY], ids=["istio", "gateway-api"])
def test_an_app_that_says_they_may_drift_is_told_how_much(tmp_path: Path, router: str | dict[str, Any]) -> None:
    made = compiled(tmp_path, router, app(DRIFTING), "flagger")

    assert affinity(made) == {"cookieName": "c", "maxAge": 86_400}
    [note] = [note for note in made.notes if "keep the new version" in note]
    assert "every request of all others is a new chance to get it" in note


def test_who_may_drift_gets_no_second_cookie_from_a_newer_flagger_either(tmp_path: Path) -> None:
    assert "primaryCookieName" not in affinity(compiled_app(tmp_path, app(DRIFTING), by(GATEWAY, WITH_A_STABLE_COOKIE)))


def test_keeping_the_new_version_alone_is_refused_where_nobody_sets_cookies(tmp_path: Path) -> None:
    [message] = refused(tmp_path, "istio", app(DRIFTING))

    assert message.startswith(
        "delivery.session_affinity: app 'shop' needs users who keep the new version once they got"
    )
    assert "Argo Rollouts sets no cookies; give a cookie to some users" in message
