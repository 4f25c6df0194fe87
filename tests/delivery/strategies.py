"""The releases of every strategy but plain canaries, with their users; all are played at once in one cluster."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from localcluster.pods.behaviour import ERROR_RATE

from .messages import CHAT
from .scenarios import CONTOUR, GATEWAY_API, app_of, changed, host_of, released_by
from .users import Group

NAMESPACE = "strategies"

ARGO_ROLLOUTS, FLAGGER = "argo-rollouts", "flagger"

BAD_ANSWERS = {ERROR_RATE: "0.5"}
"""Annotations of pods whose answers are errors, every other one."""

_HOLD = 20


@dataclass(frozen=True)
class Users:
    """Users of one app. Fields: as in users.Group; `chosen`: whether they get the new version before all others."""

    name: str
    users: int = 4
    period: float = 0.8
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    chosen: bool = False


@dataclass(frozen=True)
class Case:
    """One app and its release.

    Fields: `name`: of the app; `engine`; `delivery`: its strategy, but for the analysis; `users`; `bad`: whether half
    of the new version's answers are errors; `minimum`: requests that a check needs; `compared`: whether it is compared
    with the stable version, too; `background`: whether it is checked between the steps; `turns_bad`: whether its pods
    turn bad while it waits for an approval, which then nobody gives; `most`: errors that pass; `router`: one of
    planes.ROUTERS, the cluster's own unless given.
    """

    name: str
    engine: str
    delivery: Mapping[str, Any]
    users: tuple[Users, ...]
    bad: bool = False
    minimum: int = 10
    compared: bool = False
    background: bool = False
    turns_bad: bool = False
    most: str = "5%"
    router: str = ""

    def behind(self, router: str) -> "Case":
        """The same behind another data plane."""
        return replace(self, name=f"{router}-{self.name.removeprefix(f'{FLAGGER}-')}", router=router)

    @property
    def host(self) -> str:
        """The host name."""
        return host_of(self.name)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its users as the users' program takes them."""
        return tuple(
            Group(self.host, one.name, one.users, one.period, one.method, one.headers, one.cookies)
            for one in self.users
        )

    @property
    def approved(self) -> bool:
        """Whether a person is asked: then somebody has to be told."""
        return any(part.get("approval") for part in (self.delivery, *self.delivery.get("steps", [])))

    @property
    def chosen(self) -> frozenset[str]:
        """The groups that get the new version before all others."""
        return frozenset(one.name for one in self.users if one.chosen)

    def spec(self) -> dict[str, Any]:
        """The app as its stable version, as a user would write it."""
        check: dict[str, Any] = {"kind": "error_rate", "max": self.most}
        if self.compared:
            check["compared_with_stable"] = {"difference": "4%"}
        analysis = {"interval": "10s", "minimum_requests": self.minimum, "checks": [check]}
        if self.background:
            analysis["background"] = True
        engine = "" if self.engine == ARGO_ROLLOUTS else self.engine
        delivery = released_by(engine, {**self.delivery, "analysis": analysis})
        told = [{"channel": CHAT, "events": ["approval"]}] if self.approved else []
        return {**app_of(self.name, NAMESPACE, delivery, {}), "notify": told}

    def change(self) -> dict[str, Any]:
        """What turns the app into the version that is released."""
        return changed({}, BAD_ANSWERS if self.bad else {})


EVERYBODY = (Users("everybody", users=8),)

_BY_HEADER = (
    Users("beta", headers={"x-beta": "1"}, chosen=True),
    Users("testers", headers={"x-group": "test-7"}, chosen=True),
    # Almost: the header's value is another one, or only begins elsewhere.
    Users("others", headers={"x-beta": "10", "x-group": "a-test-"}),
)
# Contour takes one header, and the whole of its value.
_BY_ONE_HEADER = (
    Users("beta", headers={"x-beta": "1"}, chosen=True),
    Users("others", headers={"x-beta": "10", "x-alphabeta": "1"}),
)
_BY_COOKIE = (
    Users("beta", cookies={"session": "a", "beta": "always", "theme": "dark"}, chosen=True),
    # Almost: another value, and the end of another name.
    Users("others", cookies={"beta": "always-not", "alphabeta": "always"}),
)
# So many writers that copies of their requests could not pass for copies of reading ones.
_READERS_AND_WRITERS = (Users("readers"), Users("writers", users=16, method="POST"))

_AB_HEADER = {
    "strategy": "ab",
    "cohort": {"headers": {"x-beta": {"exact": "1"}, "x-group": {"prefix": "test-"}}},
    "hold": f"{_HOLD}s",
}
_AB_ONE_HEADER = {"strategy": "ab", "cohort": {"headers": {"x-beta": {"exact": "1"}}}, "hold": f"{_HOLD}s"}
_AB_COOKIE = {"strategy": "ab", "cohort": {"cookie": {"name": "beta", "value": "always"}}, "hold": f"{_HOLD}s"}
_MIRROR = {"strategy": "mirror", "hold": f"{_HOLD}s"}
_COPIES = {**_MIRROR, "copies": {"methods": "all"}}
_BLUE_GREEN = {"strategy": "blue-green", "hold": f"{_HOLD}s"}

BLUE_GREEN = Case("blue-green", ARGO_ROLLOUTS, {**_BLUE_GREEN, "approval": True}, EVERYBODY)
BLUE_GREEN_BAD = Case("blue-green-bad", ARGO_ROLLOUTS, _BLUE_GREEN, EVERYBODY, bad=True)

_AB_BY_HEADER = Case("flagger-ab-header", FLAGGER, _AB_HEADER, _BY_HEADER)
_AB_ON_CONTOUR = Case("ab-header", FLAGGER, _AB_ONE_HEADER, _BY_ONE_HEADER).behind(CONTOUR)
_AB_BY_COOKIE_BAD = Case("flagger-ab-cookie-bad", FLAGGER, _AB_COOKIE, _BY_COOKIE, bad=True)
AB_GOOD = (
    Case("ab-header", ARGO_ROLLOUTS, _AB_HEADER, _BY_HEADER),
    Case("ab-cookie", ARGO_ROLLOUTS, _AB_COOKIE, _BY_COOKIE),
    _AB_BY_HEADER,
    Case("flagger-ab-cookie", FLAGGER, _AB_COOKIE, _BY_COOKIE),
    _AB_BY_HEADER.behind(GATEWAY_API),
    _AB_ON_CONTOUR,
)
AB_BAD = (
    Case("ab-header-bad", ARGO_ROLLOUTS, _AB_HEADER, _BY_HEADER, bad=True),
    _AB_BY_COOKIE_BAD,
    _AB_BY_COOKIE_BAD.behind(GATEWAY_API),
    replace(_AB_ON_CONTOUR, name=f"{_AB_ON_CONTOUR.name}-bad", bad=True),
)

_MIRROR_ON_FLAGGER = Case("flagger-mirror", FLAGGER, _COPIES, EVERYBODY)
MIRROR_GOOD = (
    Case("mirror", ARGO_ROLLOUTS, _MIRROR, _READERS_AND_WRITERS),
    _MIRROR_ON_FLAGGER,
    _MIRROR_ON_FLAGGER.behind(GATEWAY_API),
)
MIRROR_READS_BAD = Case("mirror-bad", ARGO_ROLLOUTS, _MIRROR, _READERS_AND_WRITERS, bad=True)
MIRROR_BAD = (MIRROR_READS_BAD, Case("flagger-mirror-bad", FLAGGER, _COPIES, EVERYBODY, bad=True))

STICKY = Case(
    "flagger-sticky",
    FLAGGER,
    {
        "session_affinity": {"cookie": "sticky-canary"},
        "steps": [{"weight": 10, "hold": "10s"}, {"weight": 40, "hold": "10s"}],
    },
    (Users("everybody", users=40, period=2.0),),
)
STICKIES = (STICKY, STICKY.behind(GATEWAY_API))

AUDIENCE = Case(
    "audience",
    ARGO_ROLLOUTS,
    {
        "steps": [
            {"audience": {"headers": {"x-internal": {"exact": "yes"}}}, "hold": "10s"},
            {"weight": 20, "hold": "15s"},
            {"weight": 50, "hold": "15s", "approval": True},
        ]
    },
    (Users("internal", headers={"x-internal": "yes"}, chosen=True), Users("everybody", users=24, period=0.4)),
)

_MANY = (Users("everybody", users=24),)
_COMPARED = {"steps": [{"experiment": {"weight": 20}, "hold": "20s"}, {"weight": 50, "hold": "10s"}]}
EXPERIMENT = Case("experiment", ARGO_ROLLOUTS, _COMPARED, _MANY, compared=True)
EXPERIMENT_BAD = Case("experiment-bad", ARGO_ROLLOUTS, _COMPARED, _MANY, bad=True, compared=True)
# So many errors would pass: only the comparison with the fresh pods of the stable version ends it.
EXPERIMENT_WORSE = replace(EXPERIMENT_BAD, name="experiment-worse", most="90%")

BACKGROUND_BAD = Case(
    "background-bad",
    ARGO_ROLLOUTS,
    {"steps": [{"weight": 50, "hold": "10s", "approval": True}]},
    EVERYBODY,
    background=True,
    turns_bad=True,
)

GOOD = (BLUE_GREEN, *AB_GOOD, *MIRROR_GOOD, *STICKIES, AUDIENCE, EXPERIMENT)
BAD = (BLUE_GREEN_BAD, *AB_BAD, *MIRROR_BAD, EXPERIMENT_BAD, EXPERIMENT_WORSE, BACKGROUND_BAD)
EVERY = GOOD + BAD
