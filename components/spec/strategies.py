"""How a new version reaches the users: as a canary, all at once, for a cohort only, or behind a mirror."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from .base import Finding, Ruled, Strict
from .checks import check_names, comparison
from .cohort import Cohort, CookieText
from .delivery import Analysis, Rollback
from .hooks import LOAD_TEST, Hook, LoadTest, When, name_problems
from .names import NonEmpty
from .presets import PresetName
from .values import Duration, Percent, PositiveDuration

Weight = Annotated[int, Field(ge=1, le=100)]
Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
_NO_WEIGHT: Mapping[When, str] = {"increase": "is asked before a weight, and this release has none: use 'promote'"}
_ONE_SWITCH: Mapping[When, str] = {
    "confirm": "is asked before the pods start, which a switch does not wait for: use 'pre'"
}
_QUARTER = Percent.parse("25%")


class Mirror(Ruled):
    """Copies of requests go to the new version too; its answers are thrown away."""

    share: Percent = Percent.parse("100%")
    """Share of the requests that are copied."""
    methods: list[Method] | Literal["all"] = ["GET", "HEAD"]
    """Which requests; by default those that change nothing, because every copy is executed."""

    def __str__(self) -> str:
        what = "requests" if self.methods == "all" else f"{' and '.join(self.methods)} requests"
        return f"copies of {self.share} of the {what}"

    def problems(self) -> Iterator[Finding]:
        yield from _whole("share", self.share)
        if self.methods == []:
            yield ("methods",), "must not be empty"


def _whole(field: str, share: Percent) -> Iterator[Finding]:
    if not share.value or share.value % 1:
        yield (field,), f"{share} must be a whole percentage from 1% to 100%"


class Experiment(Strict):
    """Fresh pods of both versions side by side, each with the same share of the requests: what is compared is as old.

    A stable version that has run for weeks has warm caches, and memory that grew; fresh pods of it are a fair baseline.
    The pods are made for the experiment and go with it. `compared_with_stable` compares with the fresh baseline.
    """

    weight: Annotated[int, Field(ge=1, le=50)]
    """Share of all requests that the pods of each version get, in percent; stable's own pods get the rest."""


class Step(Ruled):
    """One stage of a canary: who gets the new version, held for a while under analysis.

    Give `weight`, `audience`, `mirror`, or several of them; or `experiment` alone.
    """

    weight: Weight | None = None
    """Share of all requests that the canary gets, in percent; that of the step before unless given."""
    audience: Cohort | None = None
    """Users who get the canary from this step on, beside the weight; e.g. your own people first."""
    mirror: Mirror | None = None
    """Copies of requests, during this step only."""
    experiment: Experiment | None = None
    """A comparison of fresh pods of both versions, before all other steps."""
    scale: Percent | None = None
    """Pods of the canary, as a share of the app's; as many as the weight needs unless given, a quarter without one."""
    hold: PositiveDuration
    """How long this step stays; the analysis runs all the while."""
    approval: bool = False
    """Whether a person must let the release go on after it: `coalmine approve`."""

    def problems(self) -> Iterator[Finding]:
        others = [name for name in ("weight", "audience", "mirror", "scale") if getattr(self, name) is not None]
        if self.experiment is not None:
            for name in others:
                yield (name,), "an experiment has pods and requests of its own: make it another step"
        elif not set(others) - {"scale"}:
            yield (), "give 'weight', 'audience', 'mirror' or 'experiment': who gets the new version in this step"
        if self.scale is not None:
            yield from _whole("scale", self.scale)


class SessionAffinity(Strict):
    """A user who got a version keeps it, by cookies that the router sets."""

    cookie: CookieText
    """Name of the cookie of users who got the new version; that of all others has `-stable` behind it."""
    max_age: PositiveDuration = Duration.of_seconds(86_400)
    """How long the new version's lasts; that of the stable one lasts for one hold."""
    stable_may_drift: bool = False
    """Whether only the new version is kept: whoever got the stable one may get the new one at any later request."""

    @property
    def stable_cookie(self) -> str:
        """Name of the cookie of users who got the stable version."""
        return f"{self.cookie}-stable"


class Delivered(Ruled):
    """What all strategies share."""

    preset: PresetName | None = None
    """A ready-made release, which stands for every key that is not written here; see the page of presets."""
    analysis: Analysis
    rollback: Rollback = Rollback.model_construct()
    gates: list[Hook] = []
    """Addresses that are asked about the release beside the checks, in this order."""
    load_test: LoadTest | None = None
    engine: NonEmpty | None = None
    """Name of the engine that moves the weights of this app; the cluster's first one unless given."""

    def gate_problems(self, useless: Mapping[When, str]) -> Iterator[Finding]:
        """`useless`: what this strategy never asks, and why."""
        yield from name_problems(self.gates)
        yield from self._named_alike()
        for index, hook in enumerate(self.gates):
            if hook.when in useless:
                yield ("gates", index, "when"), f"'{hook.when}' {useless[hook.when]}"

    def _named_alike(self) -> Iterator[Finding]:
        """Checks, gates and the load test stand in one list of each engine, and in one table."""
        taken = {hook.shown: f"gate '{hook.name}'" for hook in self.gates}
        if self.load_test:
            taken[LOAD_TEST] = "the load test"
        names = [(("analysis", "checks", at), check_names(check)) for at, check in enumerate(self.analysis.checks)]
        gates = [(("gates", at), [hook.name]) for at, hook in enumerate(self.gates) if self.load_test]
        for path, given in (*names, *gates):
            for name in taken.keys() & given:
                yield (*path, "name"), f"{taken[name]} is called '{name}' in tables and messages: choose another name"

    def hold_problem(self, path: tuple[str | int, ...], hold: Duration) -> Iterator[Finding]:
        """A hold in which no check could fail decides nothing."""
        least = Duration(self.analysis.interval.milliseconds * (self.analysis.tolerated_failures + 1))
        if hold < least:
            why = "no check could fail in it: analysis.interval x (tolerated_failures + 1)"
            yield path, f"{hold} is too short, {why} is {least}"


class Canary(Delivered):
    """Step by step, to a growing share of the requests."""

    strategy: Literal["canary"] = "canary"
    """How a release reaches the users."""
    steps: Annotated[list[Step], Field(min_length=1)]
    """Rising weights; after the last one the new version gets everything."""
    session_affinity: SessionAffinity | None = None

    @classmethod
    def raw_problems(cls, raw: Mapping[str, Any]) -> Iterator[Finding]:
        steps = raw.get("steps")
        before = 0
        for index, step in enumerate(steps if isinstance(steps, list) else []):
            weight = step.get("weight") if isinstance(step, Mapping) else getattr(step, "weight", None)
            if type(weight) is not int:
                continue
            if index and weight <= before:
                yield ("steps", index, "weight"), f"weights must rise: {weight} is not above {before}"
            before = weight

    def problems(self) -> Iterator[Finding]:
        moved = any(step.weight or step.experiment for step in self.steps)
        yield from self.gate_problems({} if moved else _NO_WEIGHT)
        yield from self._experiment_problems()
        if self.analysis.background and all(step.experiment for step in self.steps):
            yield ("analysis", "background"), "there is no step beside the experiment to watch: leave it out"
        weight = 0
        for index, step in enumerate(self.steps):
            yield from self.hold_problem(("steps", index, "hold"), step.hold)
            weight = step.weight or weight
            if step.scale is not None and step.scale.value < weight:
                why = f"{weight}% of the requests would come to {step.scale} of the pods"
                yield ("steps", index, "scale"), f"must be at least the weight: {why}"

    def _experiment_problems(self) -> Iterator[Finding]:
        """What an experiment could not find out, or would mix up."""
        asked = [index for index, step in enumerate(self.steps) if step.experiment]
        interval = self.analysis.interval
        for index in asked:
            if index and not self.steps[index - 1].experiment:
                yield (
                    ("steps", index, "experiment"),
                    "comes before all other steps: later ones measure the canary's own",
                )
            if self.steps[index].hold.milliseconds % interval.milliseconds:
                message = f"{self.steps[index].hold} must be a multiple of analysis.interval, {interval}"
                yield ("steps", index, "hold"), f"{message}: an experiment ends with its last check"
        if asked and not any(comparison(check) for check in self.analysis.checks):
            message = "compares nothing: give a check compared_with_stable, or leave the experiment out"
            yield ("steps", asked[0], "experiment"), message


class BlueGreen(Delivered):
    """All at once: the new version gets ready beside the old one, then the traffic is switched."""

    strategy: Literal["blue-green"]
    """How a release reaches the users."""
    approval: bool = False
    """Whether a person must let the switch happen: `coalmine approve`. Until then the new version can be looked at."""
    hold: PositiveDuration
    """How long it is watched after the switch; the traffic goes back when a check fails."""

    def problems(self) -> Iterator[Finding]:
        yield from self.gate_problems(_ONE_SWITCH)
        if self.analysis.background:
            yield ("analysis", "background"), "the checks run all the time after the switch: leave it out"
        yield from self.hold_problem(("hold",), self.hold)


class AbTest(Delivered):
    """A cohort of users gets the new version for a while, then everybody."""

    strategy: Literal["ab"]
    """How a release reaches the users."""
    cohort: Cohort
    hold: PositiveDuration
    """How long the cohort alone has it."""
    scale: Percent = _QUARTER
    """Pods of the new version meanwhile, as a share of the app's; whole percents."""
    approval: bool = False
    """Whether a person must let it reach everybody: `coalmine approve`."""

    def problems(self) -> Iterator[Finding]:
        yield from self.gate_problems(_NO_WEIGHT)
        yield from self.hold_problem(("hold",), self.hold)
        yield from _whole("scale", self.scale)


class Mirrored(Delivered):
    """The new version gets copies of requests for a while and answers nobody, then everybody gets it."""

    strategy: Literal["mirror"]
    """How a release reaches the users."""
    copies: Mirror = Mirror.model_construct()
    hold: PositiveDuration
    """How long it gets copies only."""
    scale: Percent = Percent.parse("100%")
    """Pods of the new version meanwhile, as a share of the app's; whole percents."""
    approval: bool = False
    """Whether a person must let it reach everybody: `coalmine approve`."""

    def problems(self) -> Iterator[Finding]:
        yield from self.gate_problems(_NO_WEIGHT)
        yield from self.hold_problem(("hold",), self.hold)
        yield from _whole("scale", self.scale)
