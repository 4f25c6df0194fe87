"""A Flagger older than what a router needs is refused: it takes a provider that it does not know for Istio."""

from pathlib import Path

import pytest

from components.capability import Refused
from components.capability_table import as_data, page, rows
from components.features import Feature
from tests.specs import Project, changed, example_app, stack_keys

HOST = "shop.shop.svc.cluster.local"
SINCE = {
    "apisix": "1.27.0",
    "gateway-api": "1.35.0",
    "knative": "1.41.0",
    "kuma": "1.17.0",
    "osm": "1.13.0",
    "skipper": "1.1.0",
    "smi": "1.8.0",
    "traefik": "1.4.0",
}
"""Source: Flagger's change log."""


def messages(root: Path, router: str, version: str) -> list[str]:
    """What is wrong with an app that weights are shifted for, behind a router and with a version of Flagger."""
    project = Project(root)
    keys = stack_keys()
    engine = {"kind": "flagger", "version": version}
    routers = {"router": router, "other_routers": []}
    project.stack({**keys, "delivery": {**keys["delivery"], **routers, "engine": engine}})
    app = changed(example_app(), "traffic", to={"hosts": [HOST]})
    app["delivery"]["steps"] = [{"weight": 10, "hold": "10m"}, {"weight": 50, "hold": "10m"}]
    app["delivery"].pop("rollback", None)
    project.apps(app)
    return project.messages()


def before(version: str) -> str:
    """A version that comes before another one."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) - 1}.9"


@pytest.mark.parametrize(("router", "since"), SINCE.items())
def test_an_older_flagger_is_refused_with_the_version_that_has_the_router(
    tmp_path: Path, router: str, since: str
) -> None:
    found = [one for one in messages(tmp_path, router, before(since)) if "engine.version" in one]

    assert len(found) == 1
    assert "delivery.steps[0]: app 'shop'" in found[0]
    assert "needs shifting traffic by weight" in found[0]
    assert f"engine 'flagger' with router '{router}' has since {since} only: name that in engine.version" in found[0]


@pytest.mark.parametrize(("router", "since"), SINCE.items())
def test_the_version_that_has_the_router_is_taken(tmp_path: Path, router: str, since: str) -> None:
    assert not [one for one in messages(tmp_path, router, since) if "engine.version" in one]


def test_versions_are_compared_as_numbers(tmp_path: Path) -> None:
    # As text, 1.9.0 would come after 1.27.0.
    assert [one for one in messages(tmp_path, "apisix", "1.9.0") if "since 1.27.0 only" in one]


def test_a_router_that_every_flagger_knows_is_taken_with_any(tmp_path: Path) -> None:
    assert not [one for one in messages(tmp_path, "contour", "1.0.0") if "engine.version" in one]


def test_the_table_names_the_versions_that_are_refused_below() -> None:
    able = [row for row in rows(["flagger"], list(SINCE)) if row.router in SINCE and not isinstance(row.cell, Refused)]
    # The Gateway API's second cookie came later than its routes.
    able = [row for row in able if row.feature is not Feature.SESSION_AFFINITY]

    assert {row.router for row in able} == set(SINCE)
    assert all(as_data(row)["since"] == SINCE[row.router] for row in able)
    assert "from 1.27.0" in page("coalmine capabilities")
