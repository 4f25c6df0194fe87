"""A Rollout together with the objects that it refers to, and how a rule looks into them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
STEPS_OF_ONE_KIND = ("setWeight", "pause", "experiment", "analysis")
"""Of these a step has one; of the others it may have several beside it."""
STEPS = (*STEPS_OF_ONE_KIND, "setCanaryScale", "setHeaderRoute", "setMirrorRoute", "plugin")


def arguments(template: Object) -> dict[str, Any]:
    """What stands for an argument in an AnalysisTemplate, and its own value; None of one that a run has to give."""
    return {f"{{{{args.{one['name']}}}}}": one.get("value") for one in template["spec"].get("args", [])}


@dataclass(frozen=True)
class Rolled:
    """Fields: `manifests`: one Rollout, and all that was made with it."""

    manifests: Sequence[Object]

    @property
    def rollout(self) -> Object:
        """The Rollout."""
        return next(one for one in self.manifests if one["kind"] == "Rollout")

    @property
    def spec(self) -> Object:
        """Its spec."""
        return dict(self.rollout["spec"])

    @property
    def canary(self) -> Object:
        """Its canary strategy; empty where it has none."""
        return dict(self.spec.get("strategy", {}).get("canary") or {})

    @property
    def blue_green(self) -> Object:
        """Its blue-green strategy; empty where it has none."""
        return dict(self.spec.get("strategy", {}).get("blueGreen") or {})

    @property
    def is_routed(self) -> bool:
        """Whether anything steers the traffic of its canary."""
        return self.canary.get("trafficRouting") is not None

    @property
    def routing(self) -> Object:
        """What steers it; empty where nothing does."""
        return dict(self.canary.get("trafficRouting") or {})

    def is_routed_by(self, *names: str) -> bool:
        """Whether one of some routers steers it, by their keys in `trafficRouting`."""
        return any(self.routing.get(name) is not None for name in names)

    def steps(self, kind: str | None = None) -> list[Object]:
        """Its steps; of a kind: what stands under that key."""
        every = self.canary.get("steps") or []
        return [step[kind] for step in every if kind in step] if kind else list(every)

    def named(self, kind: str, *names: str | None) -> list[Object]:
        """The objects of a kind that have one of some names."""
        return [one for one in self.manifests if one["kind"] == kind and one["metadata"]["name"] in names]

    def services(self) -> list[Object]:
        """The Services that its strategy names."""
        turns = self.canary.get("pingPong") or {}
        names = [self.canary.get(key) for key in ("canaryService", "stableService")]
        names += [turns.get(key) for key in ("pingService", "pongService")]
        names += [self.blue_green.get(key) for key in ("activeService", "previewService")]
        return self.named("Service", *names)

    def analyses(self) -> Iterator[Object]:
        """What its strategy measures in the foreground: with an end of its own."""
        yield from self.steps("analysis")
        for key in ("prePromotionAnalysis", "postPromotionAnalysis"):
            yield from [self.blue_green[key]] if key in self.blue_green else []
