"""Apps with users who have headers and cookies of their own: all their releases are played at once in one cluster."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from localcluster.pods.behaviour import ERROR_RATE

from .messages import CHAT
from .scenarios import app_of, changed, host_of, released_by
from .users import Group

NAMESPACE = "strategies"

ARGO_ROLLOUTS, FLAGGER = "argo-rollouts", "flagger"

BAD_ANSWERS = {ERROR_RATE: "0.5"}
"""Annotations of pods whose answers are errors, every other one."""


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
    turn bad while it waits for an approval, which then nobody gives; `most`: errors that pass; `workload`: what the
    stable version has beside its image; `released`: what is changed of it, another image unless given; `told_by`: the
    header of an answer that tells the versions apart; `restarted`: whether a stable pod is restarted in the middle of
    the release; `router`: one of planes.ROUTERS, the cluster's own unless given.
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
    workload: Mapping[str, Any] = field(default_factory=dict)
    released: Mapping[str, Any] | None = None
    told_by: str = "x-version"
    restarted: bool = False
    router: str = ""

    def behind(self, router: str) -> "Case":
        """The same behind another data plane."""
        return replace(self, name=f"{router}-{self.name.removeprefix(f'{FLAGGER}-')}", router=router)

    def on_flagger(self) -> "Case":
        """The same on the other engine."""
        return replace(self, name=f"{FLAGGER}-{self.name}", engine=FLAGGER)

    @property
    def host(self) -> str:
        """The host name."""
        return host_of(self.name)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Its users as the users' program takes them."""
        return tuple(
            Group(self.host, one.name, one.users, one.period, one.method, one.headers, one.cookies, self.told_by)
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
        app = app_of(self.name, NAMESPACE, delivery, {})
        return {**app, "workload": {**app["workload"], **self.workload}, "notify": told}

    def change(self) -> dict[str, Any]:
        """What turns the app into the version that is released."""
        return (
            changed({}, BAD_ANSWERS if self.bad else {}) if self.released is None else {"workload": dict(self.released)}
        )


EVERYBODY = (Users("everybody", users=8),)


def every(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """One test per case."""
    found = list(cases)
    return pytest.mark.parametrize("case", found, ids=[case.name for case in found])
