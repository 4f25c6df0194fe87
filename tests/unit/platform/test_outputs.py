"""What a platform says of itself: where to look, how to act, in which versions, and nothing secret."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from components.platform import outputs
from components.platform.piece import pieces_of
from components.spec.channels import SecretText
from tests.contract.platform_stacks import STACKS, stack, with_helm

HIDDEN = "hunter2"


@cache
def said(name: str, context: str | None = None) -> Mapping[str, Any]:
    """Every output of a stack's platform."""
    with_helm()
    spec, apps = stack(name).spec, [app.spec for app in stack(name).apps]
    hidden = {whose: dict.fromkeys(given, SecretText(HIDDEN)) for whose, given in spec.credentials.items()}
    cluster = spec.cluster.model_copy(update={"context": context})
    spec = spec.model_copy(update={"credentials": hidden, "cluster": cluster})
    chosen = [(piece, piece.all_stages(spec, apps)) for piece in pieces_of(spec)]
    return {
        "versions": outputs.versions(spec, chosen),
        "urls": outputs.urls(spec, chosen),
        "commands": outputs.commands(spec, chosen, "test"),
        "dashboards": outputs.dashboards(spec, apps, chosen),
    }


@pytest.mark.parametrize("name", STACKS)
def test_every_piece_that_runs_says_its_versions_and_nothing_is_secret(name: str) -> None:
    found = said(name)
    silent = {piece.name for piece in pieces_of(stack(name).spec)} - set(found["versions"])
    assert silent <= {"admission"}, "these have no upstream release"
    tags = [tag for tags in found["versions"].values() for tag in tags.values()]
    assert all(tags)
    assert HIDDEN not in json.dumps(found)


def test_commands_are_about_the_stacks_pieces_and_its_apps_in_its_context() -> None:
    found = said("gitops", "the cluster")["commands"]
    assert found["argocd"]["applications"] == "kubectl --context 'the cluster' -n argocd get applications"
    assert found["apps"]["watch"] == "coalmine watch --stack test APP"
    assert "flux" not in found
    assert said("flux")["commands"]["flux"]["everything"] == "kubectl -n flux-system get fluxcd"


def test_addresses_are_those_that_the_stack_gives() -> None:
    given = stack("gitops-large").spec.platform.argocd.url
    assert said("gitops-large")["urls"]["argocd"] == given
    assert said("flux")["urls"] == {"repository": "https://git.example.com/platform/delivery.git"}


def test_dashboards_are_where_the_platforms_grafana_opens() -> None:
    with_grafana = [name for name in STACKS if stack(name).spec.platform.grafana.install]
    assert with_grafana, "no stack of this repository has Grafana: nothing is proven"
    for name in STACKS:
        found = said(name)["dashboards"]
        assert bool(found) == (name in with_grafana), name
        assert all(address.startswith("http://localhost:3000/d/coalmine-") for address in found.values())
        if found:
            assert said(name)["commands"]["grafana"]["open"].endswith("port-forward service/grafana 3000:80")
