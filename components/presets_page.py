"""The reference page of the presets: what each stands for, why, and what follows from it."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

import yaml
from pydantic import TypeAdapter

from .plan import Stage, stages_of
from .spec.choice import Delivery
from .spec.presets import PRESETS, Preset
from .spec.values import Duration

_HEAD = """# Presets: ready-made releases

<!-- Generated from the presets: `{command}`. Do not edit. -->

A preset stands for a whole `delivery`, so an app can be this short:

```yaml part
name: shop
namespace: shop
owner: team-shop
replicas: 3
workload:
  image: registry.example.com/shop:1.4.0
  port: 8080
  probes: {{readiness: {{http: /healthz}}}}
traffic: {{hosts: [shop.example.com]}}
delivery: {{preset: standard}}
```

What is written beside `preset` replaces its value, key by key; a list is replaced whole, and `null` takes a value away:

```yaml part
delivery:
  preset: standard
  analysis:
    minimum_requests: 300
    checks:
      - {{kind: error_rate, max: 0.5%}}
      - {{kind: latency, quantile: p95, max: 200ms}}
```

All of them keep every rule of the [policy pack](policies.md).

| preset | takes | gets the new version first | a bad version is taken back after | the app needs at least |
|---|---|---|---|---|
"""
_BELOW = """
*Takes*: without the time in which pods start. *Needs*: requests per second to the app, so that the first step gets the
`minimum_requests` of every interval; with fewer, a release is taken back, because silence is never success.
"""


def presets_page(command: str) -> str:
    """The page as Markdown. `command`: what writes it."""
    rows = "".join(f"{_row(name, preset)}\n" for name, preset in PRESETS.items())
    sections = "".join(_section(name, preset) for name, preset in PRESETS.items())
    return _HEAD.format(command=command) + rows + _BELOW + sections


def _row(name: str, preset: Preset) -> str:
    delivery = _delivery(preset)
    stages = stages_of(delivery)
    analysis = delivery.analysis
    takes = Duration(sum(stage.hold.milliseconds for stage in stages))
    after = Duration(analysis.interval.milliseconds * (analysis.tolerated_failures + 1))
    needed = _requests_per_second(stages[0], analysis.minimum_requests)
    return f"| [{name}](#{name}) | {takes} | {stages[0].route} | {after} | {needed} requests/s |"


def _requests_per_second(stage: Stage, minimum: int) -> int:
    return ceil(Fraction(minimum * 1_000, stage.gate.interval.milliseconds) / Fraction(stage.weight, 100))


def _section(name: str, preset: Preset) -> str:
    written = yaml.safe_dump({"delivery": dict(preset.values)}, sort_keys=False, default_flow_style=None, width=120)
    lines = "\n".join(_reasons(preset))
    return f"\n## {name}\n\n{preset.use}\n\n```text\n{written}```\n\n| key | why |\n|---|---|\n{lines}\n"


def _reasons(preset: Preset) -> Iterator[str]:
    for key, reason in preset.reasons.items():
        yield f"| `{key}` | {reason} |"


def _delivery(preset: Preset) -> Delivery:
    chosen: TypeAdapter[Delivery] = TypeAdapter(Delivery)
    return chosen.validate_python(preset.values)
