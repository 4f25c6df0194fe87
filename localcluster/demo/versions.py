"""The five versions of the demo, and what is expected to become of each."""

from dataclasses import dataclass, field
from typing import Any

ERROR_RATE = "local.coalmine.dev/error-rate"
LATENCY = "local.coalmine.dev/latency"
"""Annotations of a pod that say how it behaves on the local cluster."""

DEPLOYED = "deployed"
PROMOTED = "promoted"
ABORTED = "aborted"


@dataclass(frozen=True)
class Version:
    """One version of the app.

    Fields: `number`: 1-5, its image tag is `<number>.0.0`; `what`: how it behaves, in words; `annotations`: of its
    pods; `traffic`: whether requests flow while it is released; `expected`: the outcome; `because`: how the
    reason of an abort must begin.
    """

    number: int
    what: str
    expected: str
    annotations: dict[str, str] = field(default_factory=dict)
    traffic: bool = True
    because: str = ""

    @property
    def tag(self) -> str:
        """The image tag, which every answer of this version carries."""
        return f"{self.number}.0.0"


_HEALTHY = {ERROR_RATE: "0", LATENCY: "20ms"}

VERSIONS = (
    Version(1, "the first one", DEPLOYED, _HEALTHY),
    Version(2, "good", PROMOTED, _HEALTHY),
    Version(3, "5 % errors", ABORTED, {**_HEALTHY, ERROR_RATE: "0.05"}, because="error rate"),
    Version(4, "slow", ABORTED, {**_HEALTHY, LATENCY: "800ms"}, because="p99 latency"),
    Version(5, "no traffic", ABORTED, _HEALTHY, traffic=False, because="no data"),
)


def override(image: str, version: Version, delivery: dict[str, Any]) -> dict[str, Any]:
    """The change to the app's spec that makes it this version; `image` is the name without a tag."""
    return {
        "workload": {"image": f"{image}:{version.tag}", "annotations": version.annotations},
        "delivery": delivery,
    }
