"""What Argo Rollouts needs of a router, of a metric provider and of a notification channel."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import ClassVar

from ..capability import Refused
from ..contracts import Bounds, OwnedField, Question
from ..manifests.meta import Manifest
from ..plan import Plan
from ..record import record
from ..spec.base import Finding
from ..spec.channels import Event
from ..spec.checks import Check
from .offer import Offer

NO_EXPERIMENT = Refused(
    "only the routes and metrics of Istio tell the pods of an experiment from all others",
    "leave the experiment out and keep compared_with_stable, where the router counts both versions",
)
"""The answer of every router that gives an experiment's pods no requests of their own, or cannot count these."""
NO_COOKIES = Refused(
    "Argo Rollouts sets no cookies",
    "give a cookie to some users and name it in an audience, or choose engine 'flagger'",
)
"""The answer of every router on which Flagger could do it."""


@record
class Services:
    """The names of an app's two Services."""

    stable: str
    canary: str


def audience_route(plan: Plan) -> str:
    """The route that the controller makes for a cohort; some routers make it an object beside those of other apps."""
    return f"{plan.name}-audience"


def may_rewrite(group: str, *kinds: str) -> Manifest:
    """A rule of a ClusterRole: objects of some kinds, in the plural, may be read and changed."""
    return {"apiGroups": [group], "resources": list(kinds), "verbs": ["get", "list", "watch", "update", "patch"]}


@record
class RolloutsRouting:
    """A router's part.

    Fields: `stanza`: `trafficRouting` of the canary, None where nothing routes: then the share of pods is the weight,
    and no Service tells the versions apart; `manifests`: its own objects, in creation order; `owned`: what the
    controller rewrites in them; `turns`: two Services in the place of the app's own, of which the one that is the
    canary's in a release is the stable one after it; `pod_annotations`: what its pods must say, of this version too.
    """

    stanza: Manifest | None
    manifests: Sequence[Manifest]
    owned: Sequence[OwnedField]
    turns: tuple[str, str] | None = None
    pod_annotations: Mapping[str, str] = field(default_factory=dict)


class RolloutsRouter(Offer, ABC):
    """A router that Argo Rollouts can steer."""

    controller_arguments: ClassVar[Sequence[str]] = ()
    """What the controller must be started with to steer it, e.g. the version of the router's objects."""
    plugin: ClassVar[str] = ""
    """Name of the traffic router plug-in that the controller needs for it; "" where it knows the router itself."""
    plugin_rules: ClassVar[Sequence[Manifest]] = ()
    """What the plug-in may do in a cluster beside what the controller may, as rules of a ClusterRole."""
    alone: ClassVar[str] = ""
    """Why no other router can steer a release beside it, completes "..., because"; "" where one can."""

    @abstractmethod
    def for_rollouts(self, plan: Plan, services: Services) -> RolloutsRouting:
        """The stanza of an Argo Rollouts canary, and the objects that it names."""

    def rollouts_problems(self, plan: Plan) -> Sequence[Finding]:
        """Path and message of what it cannot do with an app on this engine, beyond the features."""
        return ()


class RolloutsMetrics(Offer, ABC):
    """A metric provider that Argo Rollouts can ask."""

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        """Path inside the check and message of what Argo Rollouts cannot ask this provider."""
        yield from ()

    def rollouts_args(self) -> Sequence[Manifest]:
        """Arguments of the AnalysisTemplate that hold what stands in Secrets."""
        return ()

    @abstractmethod
    def rollouts_metric(self, question: Question) -> Manifest:
        """`provider`, `successCondition` and `failureCondition` of an Argo Rollouts metric.

        Exactly one condition holds for every answer; no data, NaN and too few requests fail. With `hold` neither holds
        where there is no data. A provider with a verdict of its own gives no conditions.
        """


@record
class Answer:
    """Where the number stands in what a provider answers.

    Fields: `value`: the expression of the number; `present`: true where there is just one; `absent`: its opposite;
    both are "" where anything else is an error of the engine's own.
    Source: argo-rollouts v1.9, docs/features/analysis.md, and its utils/evaluate (expr v1.15).
    """

    value: str
    present: str
    absent: str


VECTOR = Answer("result[0]", "len(result) == 1", "len(result) != 1")
"""A list of numbers, as most providers answer."""


def conditions(answer: Answer, bounds: Bounds, *, hold: bool) -> Manifest:
    """Both conditions, for numbers that are finite and within the bounds."""
    success, failure = _conditions(answer, bounds, hold)
    return {"successCondition": success, "failureCondition": failure}


@cache
def _conditions(answer: Answer, bounds: Bounds, hold: bool) -> tuple[str, str]:
    """Of success and of failure; many apps have the same few limits."""
    value = answer.value
    good = [f"{value} >= {bounds.min:f}"] if bounds.min is not None else []
    good += [f"{value} <= {bounds.max:f}"] if bounds.max is not None else []
    bad = [f"{value} < {bounds.min:f}"] if bounds.min is not None else []
    bad += [f"{value} > {bounds.max:f}"] if bounds.max is not None else []
    # Above a lower limit there is infinity: what was divided by nothing.
    odd = [f"isNaN({value})", *([f"isInf({value})"] if bounds.max is None else [])]
    known = " && ".join(filter(None, [answer.present, *(f"!{one}" for one in odd)]))
    wrong = " || ".join(bad)
    failed = f"{known} && ({wrong})" if hold else " || ".join(filter(None, [answer.absent, *odd, wrong]))
    return " && ".join([known, *good]), failed


@record
class Words:
    """What is said of one event, in the language of the controller's templates (Go's, with sprig's functions).

    Fields: `event`; `setup`: the code that assigns `$title`, one line, `$text`, a sentence or two, and `$facts`, the
    same as data; `cluster`: its name. The controller adds `.recipient` and `.serviceType`, the channel's name.
    """

    event: Event
    setup: str
    cluster: str

    def said(self, expression: str) -> str:
        """The template of an expression on these variables."""
        return f"{self.setup}{{{{ {expression} }}}}"


class RolloutsChannel(Offer, ABC):
    """A channel that the controller's notification engine can reach.

    Source: notifications-engine v0.5, pkg/services; a file's docstring names its service.
    """

    rollouts_service: ClassVar[str]
    """The engine's name for the service."""
    rollouts_longest: ClassVar[int] = 0
    """Characters that a text may have; 0 where that does not matter."""

    @abstractmethod
    def rollouts_options(self, name: str) -> Manifest:
        """The options of the service; credentials stand in them as `credential` gives them."""

    def rollouts_recipient(self, name: str) -> str:
        """Who gets it, as the service writes it."""
        return ""

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        """What a template says for this service beside the text; only a `webhook` may depend on the channel."""
        return {}


class PostedChannel(RolloutsChannel, ABC):
    """A channel for which the engine's general webhook service is used: JSON, posted to the credential `address`."""

    rollouts_service: ClassVar[str] = "webhook"

    def rollouts_options(self, name: str) -> Manifest:
        return webhook_options(name, "address")


def secret_key(channel: str, role: str) -> str:
    """Where a credential is in the controller's notification Secret."""
    return f"{channel}-{role}"


def credential(channel: str, role: str) -> str:
    """A credential as the controller's configuration refers to it."""
    return f"${secret_key(channel, role)}"


def posted(channel: str, words: Words, body: str) -> Manifest:
    """The part of a template that posts an expression as JSON to a channel that is a webhook."""
    return {"webhook": {channel: {"method": "POST", "body": words.said(f"{body} | toJson")}}}


def webhook_options(channel: str, role: str, **headers: str) -> Manifest:
    """The options of a service that posts JSON to an address, which is a credential."""
    every = {"Content-Type": "application/json", **headers}
    named = [{"name": name, "value": value} for name, value in every.items()]
    return {"url": credential(channel, role), "headers": named}
