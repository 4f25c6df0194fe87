"""An address that answers with JSON: the check's query is its path, and a JSONPath finds the number.

Argo Rollouts takes every 2xx answer that is no JSON for a success, before any condition is asked, so whoever uses this
has to say that the address never gives one. Source: argo-rollouts v1.9, metricproviders/webmetric and
docs/analysis/web.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..contracts import MetricProvider, Question
from ..contracts_of.argo_rollouts import Answer, RolloutsMetrics, conditions
from ..manifests.meta import Manifest, without_nothing
from ..spec.base import Finding, Strict
from ..spec.checks import Check, Query
from ..spec.names import NonEmpty, ObjectName, Url
from ..spec.values import Duration, PositiveDuration

_NUMBER = Answer("asFloat(default(result, 0))", "!isNil(result)", "isNil(result)")


class SecretHeader(Strict):
    """A header whose value stands in a Secret of the app's namespace."""

    secret: ObjectName
    """Name of the Secret."""
    key: NonEmpty
    """Key in it."""


class WebProvider(MetricProvider, RolloutsMetrics):
    """Asks an HTTP address for JSON."""

    kind: Literal["web"] = "web"
    address: Url
    """URL that the paths of the checks are added to."""
    always_json: Literal[True]
    """Says that the address answers nothing but JSON with a 2xx status: any other text would pass every check."""
    json_path: Annotated[str, Field(pattern=r"^\{.+\}$")] = "{$.value}"
    """Where the number stands in the answer."""
    headers: dict[Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9-]*$")], SecretHeader] = {}
    """Headers of every request, e.g. `Authorization`, with the Secret that holds each."""
    timeout: PositiveDuration = Duration.of_seconds(10)
    """How long one answer may take; whole seconds."""

    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "web",
        "address": "https://quality.example.com",
        "always_json": True,
        "headers": {"Authorization": {"secret": "quality-api", "key": "authorization"}},
    }
    EXAMPLE_QUERY: ClassVar[Mapping[str, Any]] = {"query": "/score?app={{app}}&version={{revision}}", "min": 90}

    def check_problems(self, check: Check) -> Iterator[Finding]:
        if isinstance(check, Query) and not (check.query.startswith("/") and not check.query.split()[1:]):
            yield ("query",), "is not the path of an address: write it like '/score?version={{revision}}'"

    def rollouts_args(self) -> Sequence[Manifest]:
        return [
            {"name": _argument(header), "valueFrom": {"secretKeyRef": {"name": one.secret, "key": one.key}}}
            for header, one in self.headers.items()
        ]

    def rollouts_metric(self, question: Question) -> Manifest:
        asked = {
            "url": f"{self.address.rstrip('/')}{question.text}",
            "jsonPath": self.json_path,
            "timeoutSeconds": self.timeout.whole_seconds,
            "headers": [{"key": header, "value": f"{{{{args.{_argument(header)}}}}}"} for header in self.headers],
        }
        return {"provider": {"web": without_nothing(asked)}, **conditions(_NUMBER, question.bounds, hold=False)}


def _argument(header: str) -> str:
    return f"web-{header.lower()}"
