"""InfluxDB: a user's Flux that answers with one row.

No row is an error for Argo Rollouts, and 0 for Flagger. Source: argo-rollouts v1.9, metricproviders/influxdb; flagger
v1.36, pkg/metrics/providers/influxdb.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..contracts_of.flagger import FlaggerMetric, FlaggerMetrics
from ..manifests.meta import Manifest
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import ObjectName, Url
from ..spec.placeholders import used

_ROW = Answer("asFloat(result[0])", "len(result) == 1", "len(result) != 1")


class InfluxDbProvider(MetricProvider, RolloutsMetrics, FlaggerMetrics):
    """Asks InfluxDB in Flux."""

    kind: Literal["influxdb"] = "influxdb"
    secret: ObjectName = "influxdb"
    """Secret. For Argo Rollouts in its controller's namespace, with `address`, `authToken` and `org`; for Flagger in
    the app's, with `token` and `org`.
    """
    address: Url | None = None
    """URL of InfluxDB, which Flagger needs; Argo Rollouts finds it in the Secret."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "influxdb"}
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {
        "query": (
            'from(bucket: "shop") |> range(start: -{{window}}) '
            '|> filter(fn: (r) => r._measurement == "orders" and r.version == "{{revision}}") '
            '|> filter(fn: (r) => r._field == "succeeded_percent") |> group() |> mean()'
        ),
        "min": 99,
        "unit": "%",
    }
    zero_without_data: ClassVar[frozenset[str]] = frozenset({"flagger"})

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query) and not {"window", "window_seconds"} & set(used(check.query)):
            yield ("query",), "looks back further than one measurement: write range(start: -{{window}})"

    def rollouts_problems(self, check: Check) -> Iterator[Finding]:
        if self.address:
            message = f"Argo Rollouts reads the address of 'influxdb' from the Secret '{self.secret}', key `address`"
            yield (), f"{message}: write it there, and leave it out here"

    def flagger_problems(self, check: Check) -> Iterator[Finding]:
        if not self.address:
            yield (), "Flagger must be told where InfluxDB is: give 'influxdb' an address"

    def rollouts_metric(self, question: Question) -> Manifest:
        provider = {"influxdb": {"profile": self.secret, "query": question.text}}
        return {"provider": provider, **conditions(_ROW, question.bounds, hold=False)}

    def flagger_metric(self, question: Question) -> FlaggerMetric:
        provider = {"type": "influxdb", "address": self.address, "secretRef": {"name": self.secret}}
        return FlaggerMetric({"provider": provider, "query": question.text}, question.bounds)
