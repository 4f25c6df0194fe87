"""Kayenta: a judge of its own, which compares both versions and gives a score from 0 to 100.

The check's query is the name of a canary config. There is no marginal score: what does not pass fails, since an
undecided verdict would only stop the release. Source: argo-rollouts v1.9, metricproviders/kayenta and
docs/analysis/kayenta.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from ..contracts import MetricProvider, Question, Version
from ..contracts_of.argo_rollouts import RolloutsMetrics
from ..manifests.meta import Manifest
from ..spec.base import Finding
from ..spec.checks import Check, Query
from ..spec.names import NonEmpty, Url
from ..spec.values import Duration, PositiveDuration


class KayentaProvider(MetricProvider, RolloutsMetrics):
    """Lets Kayenta judge the ReplicaSets of both versions."""

    kind: Literal["kayenta"] = "kayenta"
    address: Url
    """URL of Kayenta."""
    application: NonEmpty
    """Application that the canary configs belong to."""
    metrics_account: NonEmpty
    """Account that metrics are read with."""
    configuration_account: NonEmpty
    """Account that canary configs are read with."""
    storage_account: NonEmpty
    """Account that results are stored with."""
    location: NonEmpty
    """Region of both scopes, as the metrics account knows it."""
    step: PositiveDuration = Duration.of_seconds(60)
    """Time between two points of a series; whole seconds."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "kayenta",
        "address": "http://kayenta.spinnaker.svc:8090",
        "application": "shop",
        "metrics_account": "prometheus",
        "configuration_account": "configs",
        "storage_account": "results",
        "location": "eu-central",
    }
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {"query": "shop-quality", "min": 90, "unit": "points"}
    bounds: ClassVar[frozenset[str]] = frozenset({"min"})
    narrows: ClassVar[bool] = True

    def check_problems(self, check: Check) -> Iterator[Finding]:
        low = check.min if isinstance(check, Query) else None
        if low is not None and (low != int(low) or not 1 <= low <= 100):
            yield ("min",), f"{low} is no score: Kayenta gives whole points up to 100, and 0 would always pass"

    def rollouts_metric(self, question: Question) -> Manifest:
        passing = int(question.query.min or 100)
        scopes = {"controlScope": self._scope(question.stable), "experimentScope": self._scope(question.canary)}
        judged = {
            "address": self.address,
            "application": self.application,
            "canaryConfigName": question.text,
            "metricsAccountName": self.metrics_account,
            "configurationAccountName": self.configuration_account,
            "storageAccountName": self.storage_account,
            "threshold": {"pass": passing, "marginal": passing},
            "scopes": [{"name": "default", **scopes}],
        }
        return {"provider": {"kayenta": judged}}

    def _scope(self, version: Version) -> Manifest:
        return {"scope": version.workload, "region": self.location, "step": self.step.whole_seconds}
