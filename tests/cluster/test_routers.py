"""What every engine, router and strategy become that fit together, before the real API server.

It validates strictly, against the definitions of the router's own release; nothing is kept.
"""

from typing import Any

import pytest

from components.capability import Evidence, Refused
from components.compile import Compiled, compile_app
from components.plan import Plan
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from localcluster.api import Api
from tests.contract.drawn import outcome
from tests.contract.test_several_routers import DELIVERY, PAIRS, app_by
from tests.contract.variants import Combination, both, every_strategy, possible, supported

from .strictly import dry_run_whole, make_namespace


def is_claimed(combination: Combination) -> bool:
    """Whether the router says that its objects were tried so; those of an opaque one are read by nobody but itself."""
    cells = combination.router.capabilities[combination.engine.kind].values()
    proofs = {cell.evidence for cell in cells if not isinstance(cell, Refused)}
    return bool(proofs - {Evidence.OPAQUE})


def pairs() -> list[tuple[str, list[tuple[Combination, Plan]]]]:
    """Engine and router, with all releases that they can make; who is asked for metrics changes no route."""
    found: dict[str, list[tuple[Combination, Plan]]] = {}
    releases = [(one, plan) for one in supported() for plan in every_strategy() if possible(one, plan)]
    for one, plan in (*both(), *releases):
        if one.metrics.kind == "prometheus" and is_claimed(one):
            found.setdefault(f"{one.engine.kind}-{one.router.kind}", []).append((one, plan))
    return sorted(found.items())


@pytest.mark.parametrize("pair", pairs(), ids=lambda pair: pair[0])
def test_the_api_server_takes_every_object_of_every_release(api: Api, pair: tuple[str, list[Any]]) -> None:
    refused = set()
    for combination, plan in pair[1]:
        make_namespace(api, plan.namespace)
        made = compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery).manifests
        refused |= {said for said in (dry_run_whole(api, manifest) for manifest in made) if said}
    assert not refused, "\n".join(sorted(refused))


def both_claimed(kinds: tuple[str, str]) -> bool:
    """Whether the objects of both routers can be tried, and not those of two in the other order already."""
    routers = [one for one in supported() if one.engine.kind == "argo-rollouts" and one.router.kind in kinds]
    return list(kinds) == sorted(kinds) and all(map(is_claimed, routers))


def test_the_api_server_takes_every_object_of_two_routers_at_once(api: Api) -> None:
    refused, tried = set(), 0
    for kinds in filter(both_claimed, PAIRS):
        made = outcome(app_by(*kinds), DELIVERY)
        if isinstance(made, Compiled):
            tried += 1
            make_namespace(api, made.plan.namespace)
            refused |= {said for said in (dry_run_whole(api, manifest) for manifest in made.manifests) if said}
    assert not refused, "\n".join(sorted(refused))
    assert tried > 10, "too few pairs of routers were tried"
