"""Ready-made releases: `preset: standard` stands for a whole `delivery`, of which an app may write any key anew.

Every preset can be released by every engine, so its holds are alike; the blue-green one needs Argo Rollouts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ..record import record

PresetName = Literal["cautious", "standard", "fast", "blue-green"]


@record
class Preset:
    """One ready-made release.

    Fields: `use`: when to choose it; `values`: what it stands for, as a user would write it; `reasons`: why its values
    are what they are, by the keys that they are about.
    """

    use: str
    values: Mapping[str, Any]
    reasons: Mapping[str, str]


def _steps(weights: Sequence[int], hold: str) -> list[Mapping[str, Any]]:
    return [{"weight": weight, "hold": hold} for weight in weights]


def _checks(errors: str) -> list[Mapping[str, Any]]:
    return [{"kind": "error_rate", "max": errors}, {"kind": "latency", "quantile": "p99", "max": "500ms"}]


_LATENCY = "a common limit for what people wait for; your own objective is better"

PRESETS: Mapping[str, Preset] = {
    "cautious": Preset(
        use="Where a bad version costs money or trust, e.g. payments and sign-in, and the app is asked all the time.",
        values={
            "strategy": "canary",
            "steps": _steps((2, 5, 10, 25, 50), "15m"),
            "analysis": {
                "interval": "5m",
                "tolerated_failures": 0,
                "minimum_requests": 200,
                "checks": _checks("0.5%"),
            },
            "rollback": {"deadline": "30m"},
        },
        reasons={
            "steps": "about twice the users at each step, so that no step is the first one to show a problem of load; "
            "15 minutes let caches, connection pools and slow leaks show",
            "analysis.interval": "long enough for 200 requests at a weight of 2 %",
            "analysis.tolerated_failures": "the first failed check takes the release back",
            "analysis.minimum_requests": "one failed request in 200 is 0.5 %: a single one does not end a release",
            "analysis.checks[0].max": "half of what a service with an objective of 99 % may fail",
            "analysis.checks[1].max": _LATENCY,
            "rollback.deadline": "twice a hold: pods that start slowly are no reason to give up",
        },
    ),
    "standard": Preset(
        use="For most services that users wait for.",
        values={
            "strategy": "canary",
            "steps": _steps((5, 25, 50), "10m"),
            "analysis": {
                "interval": "1m",
                "tolerated_failures": 1,
                "minimum_requests": 100,
                "checks": _checks("1%"),
            },
            "rollback": {"deadline": "10m"},
        },
        reasons={
            "steps": "one in twenty users meets what tests missed; no jump is larger than 50 points; ten checks at "
            "every weight",
            "analysis.interval": "a bad version is seen within minutes, and a minute holds enough scrapes for a rate",
            "analysis.tolerated_failures": "one check that fails by chance does not end a release, two do",
            "analysis.minimum_requests": "with fewer, one failed request would be more than 1 %",
            "analysis.checks[0].max": "what a service with an objective of 99 % may fail",
            "analysis.checks[1].max": _LATENCY,
            "rollback.deadline": "Kubernetes' own limit for a Deployment",
        },
    ),
    "fast": Preset(
        use="For internal tools and services that are released many times a day.",
        values={
            "strategy": "canary",
            "steps": _steps((10, 30, 60), "2m"),
            "analysis": {
                "interval": "30s",
                "tolerated_failures": 1,
                "minimum_requests": 50,
                "checks": _checks("2%"),
            },
            "rollback": {"deadline": "5m"},
        },
        reasons={
            "steps": "six minutes in all; the first step is the largest that the policies allow",
            "analysis.interval": "a bad version is seen within a minute; four checks at every weight",
            "analysis.tolerated_failures": "few requests make rough figures: one check may fail by chance",
            "analysis.minimum_requests": "one failed request in 50 is 2 %: a single one does not fail a check",
            "analysis.checks[0].max": "with so few requests a smaller rate cannot be told from chance",
            "analysis.checks[1].max": _LATENCY,
            "rollback.deadline": "whoever releases is still there",
        },
    ),
    "blue-green": Preset(
        use="For what two versions must not answer side by side, e.g. pages whose scripts fit one version only. All "
        "users get the new version at once, so a bad one reaches all of them until a check has failed. Needs engine "
        "Argo Rollouts.",
        values={
            "strategy": "blue-green",
            "hold": "10m",
            "analysis": {
                "interval": "30s",
                "tolerated_failures": 0,
                "minimum_requests": 100,
                "checks": _checks("1%"),
            },
            "rollback": {"deadline": "10m"},
        },
        reasons={
            "hold": "for so long the traffic goes back by itself; the old pods stay until then",
            "analysis.interval": "everybody is concerned, so a bad version has to be seen soon",
            "analysis.tolerated_failures": "the first failed check switches back",
            "analysis.minimum_requests": "with fewer, one failed request would be more than 1 %",
            "analysis.checks[0].max": "what a service with an objective of 99 % may fail",
            "analysis.checks[1].max": _LATENCY,
            "rollback.deadline": "Kubernetes' own limit for a Deployment",
        },
    ),
}
