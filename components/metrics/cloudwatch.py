"""Amazon CloudWatch: a user's list of MetricDataQueries, as JSON, of which one returns data.

Both engines use their controller's own AWS identity. Source: argo-rollouts v1.9, metricproviders/cloudwatch; flagger
v1.36, pkg/metrics/providers/cloudwatch.go; the fields are those of MetricDataQuery in the CloudWatch API reference.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..manifests.meta import Manifest
from ..plan import Plan
from ..spec import placeholders
from ..spec.base import Finding, Strict
from ..spec.checks import Check, Query
from ..spec.names import NonEmpty
from ..spec.values import Duration

_SHORTEST = Duration.of_seconds(60)
"""The period of CloudWatch's standard metrics."""
_INTERVALS = 10
_VALUES = "result[0].Values"
_NEWEST = Answer(f"{_VALUES}[0]", f"len(result) == 1 && len({_VALUES}) > 0", f"len(result) != 1 || len({_VALUES}) == 0")


class Dimension(Strict):
    """One of a metric's dimensions."""

    name: NonEmpty
    value: NonEmpty


class Metric(Strict):
    """A metric by its names."""

    namespace: NonEmpty
    metricName: NonEmpty  # noqa: N815 - the API's name
    dimensions: list[Dimension] = []


class MetricStat(Strict):
    """A statistic of a metric over periods of so many seconds."""

    metric: Metric
    period: Annotated[int, Field(ge=1)]
    stat: NonEmpty
    unit: NonEmpty | None = None


class MetricDataQuery(Strict):
    """One query of GetMetricData."""

    id: Annotated[str, Field(pattern="^[a-z][A-Za-z0-9_]*$")]
    expression: NonEmpty | None = None
    label: NonEmpty | None = None
    metricStat: MetricStat | None = None  # noqa: N815 - the API's name
    period: Annotated[int, Field(ge=1)] | None = None
    returnData: bool = True  # noqa: N815 - the API's name


_QUERIES = TypeAdapter(list[MetricDataQuery])


class CloudWatchProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks Amazon CloudWatch, with the AWS identity of the engine's controller."""

    kind: Literal["cloudwatch"] = "cloudwatch"
    region: NonEmpty | None = None
    """AWS region, which Flagger needs; Argo Rollouts takes that of its controller (`AWS_REGION`)."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "cloudwatch"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": json.dumps(
            [
                {
                    "id": "depth",
                    "metricStat": {
                        "metric": {
                            "namespace": "Shop",
                            "metricName": "QueueDepth",
                            "dimensions": [{"name": "Version", "value": "{{revision}}"}],
                        },
                        "period": 60,
                        "stat": "Maximum",
                    },
                }
            ]
        ),
        "max": 100,
    }
    holds: ClassVar[bool] = True

    def problems(self, plan: Plan) -> Iterator[Finding]:
        if plan.analysis.interval < _SHORTEST:
            message = f"{plan.analysis.interval} is too short for CloudWatch: at least {_SHORTEST}, a metric's period"
            yield ("delivery", "analysis", "interval"), message

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if not isinstance(check, Query):
            return
        try:
            found = _read(placeholders.fill(check.query, dict.fromkeys(placeholders.PLACEHOLDERS, "1")))
        except KeyError:
            return  # an unknown placeholder is a problem of the check's own
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                place = ".".join(str(part) for part in detail["loc"])
                yield ("query",), f"is not a list of MetricDataQueries: {place}: {detail['msg']}".replace(": : ", ": ")
            return
        if sum(one.returnData for one in found) != 1:
            yield ("query",), "one of its queries must return data: set returnData to false in all others"

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        if self.region:
            message = "Argo Rollouts asks CloudWatch in the region of its controller (AWS_REGION)"
            yield (), f"{message}: set it there, and leave region out"

    def flagger_problems(self, check: Check) -> Iterator[Finding]:
        if not self.region:
            yield (), "Flagger must be told where CloudWatch is: give 'cloudwatch' a region"

    def rollouts_metric(self, question: Question) -> Manifest:
        asked = {"interval": f"{question.window.whole_seconds}s", "metricDataQueries": _dumped(question)}
        hold = question.check.on_no_data == "hold"
        return {"provider": {"cloudWatch": asked}, **conditions(_NEWEST, question.bounds, hold=hold)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        template = {"provider": {"type": "cloudwatch", "region": self.region}, "query": json.dumps(_dumped(question))}
        return FlaggerMetric(template, question.bounds, _INTERVALS)


def _read(text: str) -> list[MetricDataQuery]:
    return _QUERIES.validate_json(text)


def _dumped(question: Question) -> list[Manifest]:
    return [one.model_dump(exclude_none=True) for one in _read(question.text)]
