"""Grafana's dashboards as plain data. Source: grafana.com/docs, "Dashboard JSON model"."""

import hashlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from ..record import record
from .watched import Watched

_SCHEMA = 41
_COLUMNS = 24
_LONGEST_UID = 40
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_GREEN, _RED = "green", "red"


@record
class Target:
    """One query. Fields: `expression`; `legend`: with labels' names in double braces; `now`: only the last value."""

    expression: str
    legend: str
    now: bool = False


@record
class Panel:
    """One panel.

    Fields: `title`; `kind`: Grafana's; `targets`; `description`; `unit`: Grafana's name of it; `limit`: a line above
    which a check fails, `least`: one below which it does; `width`: of 24 columns; `height`; `names`: what numbers mean,
    and their colours.
    """

    title: str
    kind: str
    targets: Sequence[Target]
    description: str = ""
    unit: str = "short"
    limit: float | None = None
    least: float | None = None
    width: int = 12
    height: int = 8
    names: Sequence[tuple[int, str, str]] = ()


@record
class Variable:
    """A choice above the panels. Fields: `name`; `label`; `query`; `pattern`: the group of it is taken, "" for all."""

    name: str
    label: str
    query: str
    pattern: str = ""


@record
class Note:
    """What is marked on every panel, while an expression has series. Fields: `name`; `expression`; `color`."""

    name: str
    expression: str
    color: str


@record
class Dashboard:
    """A dashboard. Fields: `name`: of its file, unique in a stack; `title`; `panels`; `variables`; `notes`."""

    name: str
    title: str
    panels: Sequence[Panel]
    variables: Sequence[Variable] = ()
    notes: Sequence[Note] = ()

    @property
    def uid(self) -> str:
        """What addresses of it end with: its name, shortened where it is too long for one."""
        whole = f"coalmine-{self.name}"
        digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
        return whole if len(whole) <= _LONGEST_UID else f"{whole[: _LONGEST_UID - 9]}-{digest}"

    def data(self) -> dict[str, Any]:
        """As Grafana reads it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["coalmine"],
            "timezone": "browser",
            "editable": False,
            "graphTooltip": 1,
            "schemaVersion": _SCHEMA,
            "version": 1,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [_choice_of_source(), *map(_variable, self.variables)]},
            "annotations": {"list": [_note(note) for note in self.notes]},
            "panels": list(_placed(self.panels)),
        }

    @property
    def text(self) -> str:
        """The file."""
        return json.dumps(self.data(), indent=1, ensure_ascii=False) + "\n"


@cache
def _makers() -> tuple[Any, ...]:
    from . import dashboards

    names = sorted(module.name for module in pkgutil.iter_modules(dashboards.__path__))
    return tuple(import_module(f"{dashboards.__name__}.{name}").dashboards for name in names)


def all_dashboards(watched: Watched) -> Iterator[Dashboard]:
    """Every dashboard of a stack."""
    for made in _makers():
        yield from made(watched)


def _placed(panels: Sequence[Panel]) -> Iterator[dict[str, Any]]:
    """From left to right, then below."""
    x = y = tallest = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > _COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        yield {**_panel(panel), "id": number, "gridPos": place}
        x, tallest = x + panel.width, max(tallest, panel.height)


def _panel(panel: Panel) -> dict[str, Any]:
    made = {
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "targets": [_target(target, chr(ord("A") + index)) for index, target in enumerate(panel.targets)],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
    }
    return {**made, "description": panel.description} if panel.description else made


def _target(target: Target, reference: str) -> dict[str, Any]:
    once = {"instant": True, "range": False, "format": "table"} if target.now else {"instant": False, "range": True}
    legend = {} if target.now else {"legendFormat": target.legend}
    return {"refId": reference, "datasource": _SOURCE, "expr": target.expression, **legend, **once}


def _field(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit}
    steps: list[dict[str, Any]] = [{"value": None, "color": _RED if panel.least is not None else _GREEN}]
    if panel.least is not None:
        steps.append({"value": panel.least, "color": _GREEN})
    if panel.limit is not None:
        steps.append({"value": panel.limit, "color": _RED})
    defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if panel.names:
        defaults["mappings"] = [_meaning(panel.names)]
    if panel.kind == "timeseries":
        bounded = panel.limit is not None or panel.least is not None
        defaults["custom"] = {"fillOpacity": 5, "thresholdsStyle": {"mode": "line" if bounded else "off"}}
        if panel.least is None:
            defaults["min"] = 0
    return defaults


def _meaning(names: Sequence[tuple[int, str, str]]) -> dict[str, Any]:
    options = {
        str(number): {"text": text, "color": color, "index": index} for index, (number, text, color) in enumerate(names)
    }
    return {"type": "value", "options": options}


_REDUCED = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: Mapping[str, dict[str, Any]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": _REDUCED,
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "textMode": "value",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
        "orientation": "auto",
    },
    "state-timeline": {
        "showValue": "auto",
        "rowHeight": 0.9,
        "mergeValues": True,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "table": {"frameIndex": 0, "showHeader": True},
}


def _choice_of_source() -> dict[str, Any]:
    return {"type": "datasource", "name": "datasource", "label": "Prometheus", "query": "prometheus"}


def _variable(variable: Variable) -> dict[str, Any]:
    return {
        "type": "query",
        "name": variable.name,
        "label": variable.label,
        "datasource": _SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        **({"regex": f"/{variable.pattern}/"} if variable.pattern else {}),
        # Found anew with every change of the time range.
        "refresh": 2,
        "sort": 2,
    }


def _note(note: Note) -> dict[str, Any]:
    return {
        "name": note.name,
        "datasource": _SOURCE,
        "enable": True,
        "iconColor": note.color,
        "expr": note.expression,
    }
