"""A canary that stays at 20 %, under load, while its app is changed: what the controllers hold, and who answers."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.bundles import NEWEST
from components.spec.merging import merge
from localcluster.api import Object, path_of
from localcluster.demo.shares import FEWEST_REQUESTS, LARGEST_Z, Share
from localcluster.load import Load

from .installed_platform import Installed, local_config, written
from .objects import is_ready, pods, wait_for

APP = SPACE = "shop"
STABLE, CANARY = "1.0.0", "1.1.0"
WEIGHT = 20
PODS = 5
"""What the autoscaler makes of the stack's four."""
HOST, NEW_HOST = "shop.example.com", "store.example.com"
RATE = 300
"""Requests per second: a sample comes together while one `pulumi up` runs."""

ROUTES = path_of("networking.istio.io/v1/virtualservices", SPACE)
ROLLOUT = path_of("argoproj.io/v1alpha1/rollouts", SPACE, APP)
SERVICES = path_of("v1/services", SPACE)
INSIDE = Path(__file__).with_name("inside.py")

RELEASE: dict[str, Any] = {
    "workload": {"image": f"ghcr.io/coalmine-demo/shop:{CANARY}"},
    "replicas": None,
    "scaling": {"min": PODS, "max": 8},
    # The first check comes after an hour: nothing but the tests moves anything.
    "delivery": {
        "steps": [{"weight": WEIGHT, "hold": "1h"}],
        "analysis": {"interval": "1h"},
        "rollback": {"deadline": "2h"},
    },
}


@dataclass(frozen=True)
class Held:
    """What controllers have written: weights of stable and canary, selectors of their Services, number of pods."""

    weights: list[int]
    selectors: list[dict[str, str]]
    replicas: int


@dataclass
class Midway:
    """A release at its first weight.

    Fields: `config`: the changes of the app so far; `held`: at the beginning; `bundle`: the stack's.
    """

    installed: Installed
    load: Load
    folder: Path
    gateway: str
    config: dict[str, Any] = field(default_factory=lambda: dict(RELEASE))
    held: Held = field(default_factory=lambda: Held([], [], 0))
    bundle: str = NEWEST

    def file(self) -> Path:
        """The stack's configuration with the app as it is meant to be now."""
        config = local_config()
        config["coalmine:platform"]["bundle"] = self.bundle
        overrides = config["coalmine:overrides"]
        # An override's null removes a key of the app's file.
        overrides[APP] = {**merge(overrides[APP], self.config), "replicas": None}
        return written(config, self.folder / "midway.yaml")

    def up(self, change: dict[str, Any]) -> float:
        """`pulumi up` with one more change of the app; returns when it began, in seconds since the epoch."""
        self.config = merge(self.config, change)
        since = time.time()
        self.installed.pulumi.succeed("up", "--yes", "--skip-preview", config=self.file())
        return since

    def route(self) -> Object:
        """The user's part of the routing, live: the only route of the root VirtualService, and its hosts."""
        spec = self.installed.api.get(f"{ROUTES}/{APP}")["spec"]
        return {**spec["http"][0], "hosts": spec["hosts"]}

    def holds(self) -> Held:
        """What the controllers hold now."""
        api = self.installed.api
        route = api.get(f"{ROUTES}/{APP}-split")["spec"]["http"][0]["route"]
        selectors = [api.get(f"{SERVICES}/{APP}-{which}")["spec"]["selector"] for which in ("stable", "canary")]
        weights = [destination.get("weight", 0) for destination in route]
        return Held(weights, selectors, api.get(ROLLOUT)["spec"].get("replicas", 0))

    def check_kept(self, since: float, host: str = HOST, lost: float = 0.0) -> None:
        """Asserts that controllers still hold what they held, and that real requests were split accordingly.

        `lost`: the share of requests, 0-1, that may have failed meanwhile.
        """
        assert self.holds() == self.held, "the change took from the controllers what is theirs"
        found = self.load.await_requests(FEWEST_REQUESTS, since, host)
        well = found[STABLE, 200] + found[CANARY, 200]
        assert found.total() - well <= lost * found.total(), f"requests were lost: {found}"
        share = Share(WEIGHT, well, found[CANARY, 200])
        assert abs(share.z) <= LARGEST_Z, (
            f"{share.measured:.2%} of {well} requests: {share.z:+.1f} standard errors off {WEIGHT} %"
        )

    def canary_pods(self) -> list[Object]:
        """The pods that the canary's Service selects."""
        selector = ",".join(f"{key}={value}" for key, value in self.held.selectors[1].items())
        return pods(self.installed.api, SPACE, selector)

    @contextmanager
    def behaving(self, rate: float, **behaviour: str) -> Iterator[None]:
        """The canary's pods answer as localcluster.pods.behaviour says (without prefix), under another load."""
        self.load.set_rate(HOST, rate)
        self._tell({key: str(value) for key, value in behaviour.items()})
        try:
            yield
        finally:
            self._tell(dict.fromkeys(behaviour))
            wait_for(lambda: self.ask_canary(1)[0]["status"] == 200, "the canary is well again")
            self.load.set_rate(HOST, RATE)

    def _tell(self, behaviour: dict[str, Any]) -> None:
        told = {f"local.coalmine.dev/{key.replace('_', '-')}": value for key, value in behaviour.items()}
        for pod in self.canary_pods():
            place = path_of("v1/pods", SPACE, pod["metadata"]["name"])
            self.installed.api.patch(place, {"metadata": {"annotations": told}})

    def ask(self, count: int = 1, path: str = "/", host: str = HOST, **headers: str) -> list[Object]:
        """Sends single requests through the gateway: `status`, `version`, `seconds` of each."""
        order = {"what": "requests", "gateway": self.gateway, "count": count, "path": path}
        return self._inside({**order, "headers": {"host": host, **headers}})

    def ask_canary(self, count: int) -> list[Object]:
        """Sends requests until the canary's Service has been chosen so often; those requests."""
        found: list[Object] = []
        while len(found) < count:
            found += [one for one in self.ask(5) if one["version"] != STABLE]
        return found

    def status(self, **request: str) -> int:
        """The status of one request."""
        return int(self.ask(1, **request)[0]["status"])

    def attempts(self) -> int:
        """Requests that the canary's pods have answered so far."""
        return sum(self._inside({"what": "attempts", "pods": [pod["status"]["podIP"] for pod in self.canary_pods()]}))

    def clusters(self) -> str:
        """Envoy's route configurations, as text."""
        return str(self._inside({"what": "routes"})[0])

    def labels_of_pods(self) -> list[dict[str, str]]:
        """The labels of every pod of the app."""
        return [pod["metadata"]["labels"] for pod in pods(self.installed.api, SPACE)]

    def _inside(self, order: Object) -> list[Any]:
        cluster = self.installed.cluster
        ran = subprocess.run(
            cluster.inside([sys.executable, str(INSIDE)]),
            env=cluster.inner_environment(),
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        answer: list[Any] = json.loads(ran.stdout)
        return answer


@contextmanager
def midway(installed: Installed, folder: Path) -> Iterator[Midway]:
    """Begins a release and waits until the canary gets its share and the autoscaler has made more pods."""
    answer = installed.cluster.status()
    assert answer is not None, "the cluster does not answer"
    with Load(installed.cluster, {HOST: RATE, NEW_HOST: 0}) as load:
        made = Midway(installed, load, folder, answer.gateway)
        made.up({})
        wait_for(lambda: made.holds().weights == [100 - WEIGHT, WEIGHT], "the canary has its weight")
        wait_for(lambda: made.holds().replicas == PODS, "the autoscaler has made more pods")
        wait_for(lambda: load.counts(time.time() - 2, time.time(), HOST)[CANARY, 200], "the canary answers")
        wait_for(lambda: all(is_ready(pod) for pod in pods(installed.api, SPACE)), "all pods are ready")
        made.held = made.holds()
        yield made
