"""How many pods follow the load: a HorizontalPodAutoscaler on CPU use, or KEDA on whatever it can ask.

Sources: kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; keda.sh/docs/2.20 (ScaledObject, scalers).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from ..record import record
from .base import Finding, Later, Ruled, Strict
from .names import NonEmpty, ObjectName, Url
from .values import Duration, Int32, Percent

Amount = Annotated[float, Field(gt=0)]


class _Range(Ruled):
    min: Annotated[Int32, Field(ge=1)]
    """Lowest number of pods."""
    max: Annotated[Int32, Field(ge=1)]
    """Highest number of pods."""

    def problems(self) -> Iterator[Finding]:
        if self.max < self.min:
            yield ("max",), f"{self.max} is below min {self.min}"


class Scaling(_Range):
    """Pods follow the load, between `min` and `max`."""

    kind: Literal["hpa"] = "hpa"
    """What sets the number: Kubernetes' own autoscaler, or KEDA."""
    cpu: Percent = Percent.parse("70%")
    """Average CPU use, of what is requested, that the autoscaler aims at; whole percents from 1%."""

    def problems(self) -> Iterator[Finding]:
        yield from _whole("cpu", self.cpu)
        yield from super().problems()

    @property
    def resources(self) -> Iterator[tuple[str, str]]:
        """Resources whose use is measured against what is requested, and what is told of each."""
        yield "cpu", "'scaling': the autoscaler measures CPU use against it"


class CpuTrigger(Ruled):
    """CPU use, of what is requested."""

    kind: Literal["cpu"]
    """Says what is measured."""
    use: Percent
    """Average use that is aimed at; whole percents from 1%."""

    def problems(self) -> Iterator[Finding]:
        yield from _whole("use", self.use)


class MemoryTrigger(Ruled):
    """Memory use, of what is requested."""

    kind: Literal["memory"]
    """Says what is measured."""
    use: Percent
    """Average use that is aimed at; whole percents from 1%."""

    def problems(self) -> Iterator[Finding]:
        yield from _whole("use", self.use)


class _Asked(Strict):
    authentication: ObjectName | None = None
    """Name of a TriggerAuthentication of the app's namespace, which names the Secret with the credentials."""


class PrometheusTrigger(_Asked):
    """The answer of Prometheus to a query; no answer is an error, never a zero."""

    kind: Literal["prometheus"]
    """Says what is measured."""
    address: Url
    """Where Prometheus answers."""
    query: NonEmpty
    """A query that answers one number about both versions together."""
    per_pod: Amount
    """What one pod takes on, in the unit of the answer."""


class CronTrigger(Strict):
    """At least so many pods at some times, between `min` and `max` of the app."""

    kind: Literal["cron"]
    """Says what is measured."""
    timezone: NonEmpty
    """A name of the IANA time zone database, e.g. `Europe/Berlin`."""
    start: NonEmpty
    """When it begins, as in a crontab: `0 8 * * 1-5`."""
    end: NonEmpty
    """When it ends, as in a crontab."""
    pods: Annotated[Int32, Field(ge=1)]
    """Lowest number of pods meanwhile."""


class KafkaTrigger(_Asked):
    """Messages that a group of consumers has not read yet."""

    kind: Literal["kafka"]
    """Says what is measured."""
    servers: Annotated[list[NonEmpty], Field(min_length=1)]
    """Brokers, each as `host:port`."""
    group: NonEmpty
    """The group of consumers."""
    topic: NonEmpty
    """What they read."""
    per_pod: Annotated[Int32, Field(ge=1)]
    """Unread messages that one pod takes on."""


Trigger = Annotated[
    CpuTrigger | MemoryTrigger | PrometheusTrigger | CronTrigger | KafkaTrigger, Field(discriminator="kind")
]


class Fallback(Strict):
    """What holds when a source cannot be asked."""

    failures: Annotated[Int32, Field(ge=1)]
    """Failed questions in a row until it does."""
    pods: Annotated[Int32, Field(ge=1)]
    """Number of pods then."""


class Keda(_Range):
    """Pods follow what KEDA measures, between `min` and `max`; the trigger that wants most pods decides.

    KEDA must be in the cluster. It never takes the last pods away: `min` is at least 1.
    """

    kind: Literal["keda"]
    """What sets the number: Kubernetes' own autoscaler, or KEDA."""
    every: Duration = Duration.of_seconds(30)
    """Time between two questions; whole seconds."""
    triggers: Annotated[list[Trigger], Field(min_length=1)]
    """What is measured."""
    fallback: Fallback | None = None
    """Without it, nothing changes while a source cannot be asked."""

    def problems(self) -> Iterator[Finding]:
        yield from super().problems()
        if self.every.milliseconds % 1000 or not self.every.milliseconds:
            yield ("every",), f"{self.every} must be whole seconds, at least 1s"
        for index, trigger in enumerate(self.triggers):
            if isinstance(trigger, CronTrigger) and not self.min <= trigger.pods <= self.max:
                yield ("triggers", index, "pods"), f"{trigger.pods} is not between min {self.min} and max {self.max}"
        if self.fallback:
            yield from self._fallback_problems(self.fallback)

    def _fallback_problems(self, fallback: Fallback) -> Iterator[Finding]:
        if not self.min <= fallback.pods <= self.max:
            yield ("fallback", "pods"), f"{fallback.pods} is not between min {self.min} and max {self.max}"
        if all(isinstance(trigger, CpuTrigger | MemoryTrigger) for trigger in self.triggers):
            yield ("fallback",), "does nothing with 'cpu' and 'memory' alone: KEDA does not ask for them itself"

    @property
    def resources(self) -> Iterator[tuple[str, str]]:
        """Resources whose use is measured against what is requested, and what is told of each."""
        for trigger in self.triggers:
            if isinstance(trigger, CpuTrigger | MemoryTrigger):
                yield trigger.kind, f"trigger '{trigger.kind}': KEDA measures the use against it"


def _whole(field: str, share: Percent) -> Iterator[Finding]:
    if share.value < 1 or share.value % 1:
        yield (field,), f"{share} must be a whole percentage from 1% to 100%"


@record
class _ByKind:
    """Chooses the model by `kind`; Kubernetes' own autoscaler where nothing is said."""

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        models: dict[str, Any] = {"hpa": Annotated[Scaling, Later()], "keda": Annotated[Keda, Later()]}
        choices: dict[Any, CoreSchema] = {kind: handler.generate_schema(model) for kind, model in models.items()}
        union = core_schema.tagged_union_schema(choices, discriminator="kind", ref=None)
        return core_schema.no_info_before_validator_function(_default_kind, union)


def _default_kind(raw: Any) -> Any:
    return {"kind": "hpa", **raw} if isinstance(raw, Mapping) and "kind" not in raw else raw


AnyScaling = Annotated[Scaling | Keda, _ByKind()]
