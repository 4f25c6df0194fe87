"""Several routers of one canary: the controller steers all of them, one after the other, to the same weight.

Source: argo-rollouts v1.9, docs/features/traffic-management/mixed.md and rollout/trafficrouting.go.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from ...by_router import shares
from ...contracts import Router
from ...contracts_of.argo_rollouts import RolloutsRouter, RolloutsRouting, Services
from ...manifests.meta import Manifest
from ...plan import Plan
from ...spec.base import Finding

_PLACE = ("traffic", "routers")
_Parts = Callable[[RolloutsRouting], Iterator[str]]
"""What a router's part has that another one's may not have too."""


def routing(plan: Plan, routers: Sequence[Router], services: Services) -> RolloutsRouting:
    """The parts of all routers as one. Of one router, just its own."""
    made = _routings(plan, routers, services)
    if len(made) == 1:
        return made[0]
    stanza: Manifest = {}
    annotations: dict[str, str] = {}
    for one in made:
        plugins = {**stanza.get("plugins", {}), **(one.stanza or {}).get("plugins", {})}
        stanza |= {**(one.stanza or {}), **({"plugins": plugins} if plugins else {})}
        annotations |= one.pod_annotations
    return RolloutsRouting(
        stanza=stanza,
        manifests=[manifest for one in made for manifest in one.manifests],
        owned=[field for one in made for field in one.owned],
        pod_annotations=annotations,
    )


def together(plan: Plan, routers: Sequence[Router], services: Services) -> Iterator[Finding]:
    """Why routers, each of which could steer a release alone, cannot do it at once."""
    usable = [router for router in routers if isinstance(router, RolloutsRouter)]
    for router in usable:
        if router.alone:
            yield _PLACE, f"'{router.kind}' works alone, because {router.alone}: take it or the others out"
    made = dict(zip((router.kind for router in usable), _routings(plan, usable, services), strict=True))
    yield from _same(made, _keys, "Argo Rollouts can steer one of them by")
    yield from _same(made, _objects, "both would make the")


def _routings(plan: Plan, routers: Sequence[Router], services: Services) -> list[RolloutsRouting]:
    pairs = zip(routers, shares(plan, routers), strict=True)
    return [RolloutsRouter.of(router).for_rollouts(share, services) for router, share in pairs]


def _same(made: Mapping[str, RolloutsRouting], parts: _Parts, message: str) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for kind, one in made.items():
        for part in parts(one):
            first = owners.setdefault(part, kind)
            if first != kind:
                yield _PLACE, f"'{first}' and '{kind}' cannot work at once, because {message} {part}: take one out"


def _keys(one: RolloutsRouting) -> Iterator[str]:
    for key, value in (one.stanza or {}).items():
        yield from (f"plug-in {name}" for name in value) if key == "plugins" else [f"'{key}'"]


def _objects(one: RolloutsRouting) -> Iterator[str]:
    for item in one.manifests:
        yield f"{item['kind']} '{item['metadata']['name']}'"
