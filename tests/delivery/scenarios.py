"""The releases that the delivery tests play, all at once in one cluster."""

from dataclasses import dataclass, field, replace
from typing import Any

from localcluster.demo.shares import FEWEST_REQUESTS
from localcluster.pods.behaviour import ERROR_RATE, LATENCY

STABLE, CANDIDATE = "1.0.0", "2.0.0"
"""Image tags, which every answer carries, of the version before and of the one that is released."""

SCRAPE_SECONDS = 2
"""The local stack's scrape interval; project.py refuses to start where it is another."""

SERIES_NAMESPACE = "series"
"""Its pods are scraped only where they ask for it, so that tests decide which series exist."""
SCRAPED = {"prometheus.io/scrape": "true", "prometheus.io/port": "15020", "prometheus.io/path": "/stats/prometheus"}

GATEWAY_API, CONTOUR = "gateway-api", "contour"

_IMAGE = "registry.example.com/delivery/web"


@dataclass(frozen=True)
class Scenario:
    """One app and its release.

    Fields: `name`: of the app, and of its host below example.com; `rate`: requests per second; `steps`: (weight in
    percent, hold in seconds) each; `interval`: of the checks, seconds; `tolerated`: failed checks; `minimum`: requests
    that a check needs; `slowest`: latency that the check of it allows; `stable`, `candidate`: annotations of the pods
    of either version; `namespace`: its own unless given; `engine`: the cluster's first unless given; `router`: one of
    planes.ROUTERS, the cluster's own unless given; `notify`: who is told, everybody of failures unless given; `fewest`:
    requests that a step's share needs to say something; `compared`: whether errors are compared with stable's too.
    """

    name: str
    rate: int
    steps: tuple[tuple[int, int], ...] = ((50, 10), (80, 10))
    interval: int = 10
    tolerated: int = 0
    minimum: int = 30
    slowest: str = "500ms"
    stable: dict[str, str] = field(default_factory=dict)
    candidate: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    engine: str = ""
    router: str = ""
    notify: list[Any] | None = None
    fewest: int = FEWEST_REQUESTS
    compared: bool = False

    @property
    def host(self) -> str:
        """The host name."""
        return host_of(self.name)

    def spec(self) -> dict[str, Any]:
        """The app as its stable version, as a user would write it."""
        errors: dict[str, Any] = {"kind": "error_rate", "max": "5%"}
        if self.compared:
            errors["compared_with_stable"] = {"difference": "3%"}
        delivery = {
            "steps": [{"weight": weight, "hold": f"{hold}s"} for weight, hold in self.steps],
            "analysis": {
                "interval": f"{self.interval}s",
                "tolerated_failures": self.tolerated,
                "minimum_requests": self.minimum,
                "checks": [
                    errors,
                    {"kind": "latency", "quantile": "p99", "max": self.slowest},
                ],
            },
        }
        app = app_of(self.name, self.namespace or self.name, released_by(self.engine, delivery), self.stable)
        return {**app, **({"notify": self.notify} if self.notify is not None else {})}

    def change(self) -> dict[str, Any]:
        """What turns the app into the version that is released."""
        return changed(self.stable, self.candidate)


def app_of(name: str, namespace: str, delivery: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    """An app whose pods have these annotations, as a user would write it."""
    return {
        "name": name,
        "namespace": namespace,
        "owner": "team-delivery",
        "workload": {
            "image": image(STABLE),
            "port": 8080,
            "min_ready": "1s",
            "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
            "probes": {"readiness": {"http": "/healthz", "period": "5s"}},
            "annotations": annotations,
        },
        "traffic": {"hosts": [host_of(name)], "timeout": "10s"},
        "replicas": 2,
        "delivery": delivery,
    }


def host_of(app: str) -> str:
    """The host name of an app."""
    return f"{app}.example.com"


def released_by(engine: str, delivery: dict[str, Any]) -> dict[str, Any]:
    """A release by this engine, the cluster's first unless named."""
    # Flagger keeps no old pods, and a spec that asks for them is refused.
    rollback = {"deadline": "5m"} if engine else {"deadline": "5m", "keep_old_pods": "5s"}
    rollback |= delivery.get("rollback", {})
    return {**delivery, "rollback": rollback, **({"engine": engine} if engine else {})}


def image(version: str) -> str:
    """The image with a version's tag."""
    return f"{_IMAGE}:{version}"


def changed(stable: dict[str, str], candidate: dict[str, str]) -> dict[str, Any]:
    """What turns an app into the version that is released, by the annotations of either version's pods."""
    # A key that the stable version has and this one has not is removed: null does that.
    gone: dict[str, str | None] = {key: None for key in stable if key not in candidate}
    return {"workload": {"image": image(CANDIDATE), "annotations": {**gone, **candidate}}}


NEWS = [{"channel": "hook", "events": ["started", "step", "promoted"]}, "chat"]
# As few at a time as give enough in a step: two cores serve all releases at once, and a hold costs nothing.
GOOD = Scenario("good", rate=170, steps=((5, 38), (25, 38), (50, 38)), interval=38, notify=NEWS, compared=True)
ERRORS = Scenario("errors", rate=20, steps=((50, 20), (80, 20)), tolerated=1, candidate={ERROR_RATE: "0.3"})
SLOW = Scenario("slow", rate=20, candidate={LATENCY: "800ms"})
QUIET = Scenario("quiet", rate=0)

EMPTY = Scenario("empty", rate=10, namespace=SERIES_NAMESPACE)
STABLE_ONLY = Scenario("stable-only", rate=10, namespace=SERIES_NAMESPACE, stable=SCRAPED)
MISLABELLED = Scenario("mislabelled", rate=10, namespace=SERIES_NAMESPACE, stable=SCRAPED)
NAN = Scenario("nan", rate=10, namespace=SERIES_NAMESPACE, stable=SCRAPED)

BY_PULUMI = (GOOD, ERRORS, SLOW, QUIET)
FLAGGER_GOOD, FLAGGER_ERRORS, FLAGGER_SLOW, FLAGGER_QUIET = (
    replace(one, name=f"flagger-{one.name}", engine="flagger")
    for one in (
        replace(GOOD, notify=None),
        ERRORS,
        SLOW,
        QUIET,
    )
)
"""The same releases on the other engine, in the same cluster and at the same time."""
BY_FLAGGER = (FLAGGER_GOOD, FLAGGER_ERRORS, FLAGGER_SLOW, FLAGGER_QUIET)


def _behind(router: str) -> tuple[Scenario, ...]:
    """The same releases of Flagger behind another data plane: fewer requests, for the machine has no more to give."""
    good = replace(GOOD, rate=50, steps=((10, 20), (50, 20)), interval=20, fewest=600, compared=False)
    same = (good, *(replace(one, rate=one.rate // 2, minimum=20) for one in (ERRORS, SLOW, QUIET)))
    return tuple(
        replace(one, name=f"{router}-{one.name}", namespace=router, engine="flagger", router=router, notify=[])
        for one in same
    )


BEHIND_GATEWAY_API = _behind(GATEWAY_API)
BEHIND_CONTOUR = _behind(CONTOUR)
BY_PLANE = BEHIND_GATEWAY_API + BEHIND_CONTOUR
BY_SERIES = (EMPTY, STABLE_ONLY, MISLABELLED, NAN)
EVERY = BY_PULUMI + BY_FLAGGER + BY_PLANE + BY_SERIES
