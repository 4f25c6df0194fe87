"""Whether the one step of a release gave the new version its weight of all users' requests."""

from collections.abc import Callable, Sequence
from typing import Protocol

from components.plan import Plan
from localcluster.demo.shares import LARGEST_Z, Share
from localcluster.demo.timeline import SETTLED_SECONDS, Stretch

from .engines import WRITTEN_EARLIER_SECONDS
from .evidence import Evidence, Told
from .scenarios import CANDIDATE
from .users import Answer


class Stepped(Told, Protocol):
    """A release of one step whose users' answers are known."""

    @property
    def plan(self) -> Plan:
        """Of the released version, or of the app."""

    def answers(self) -> Sequence[Answer]:
        """All answers since it was begun, or earlier."""

    def stretches(self) -> Sequence[Stretch]:
        """The weights that were in force meanwhile."""


def check_share(
    release: Stepped, evidence: Evidence, record: Callable[[str, object], None], fewest: int, new: str
) -> None:
    """Fails where the share is off. `fewest`: requests that say something; `new`: what is released, in words."""
    [stage] = release.plan.stages
    held = [stretch for stretch in release.stretches() if stretch.weight == stage.weight]
    evidence.check(len(held) == 1, release, f"weight {stage.weight} was in force {len(held)} times")
    # Flagger replaces the stable pods while the last weight is still in force.
    hold = stage.hold.seconds - WRITTEN_EARLIER_SECONDS
    since, until = held[0].since + SETTLED_SECONDS, min(held[0].until, held[0].since + hold)
    mine = [one for one in release.answers() if since < one.time and one.received < until]
    share = Share(stage.weight, len(mine), sum(one.version == CANDIDATE for one in mine))
    record("requests", share.requests)
    record("standard errors off", round(share.z, 2))
    evidence.check(share.requests >= fewest, release, f"only {share.requests} requests at {stage.weight} %")
    off = f"{new} got {share.measured:.2%} at weight {stage.weight}: {share.z:+.1f} standard errors off"
    evidence.check(abs(share.z) <= LARGEST_Z, release, off)
