"""Renders a pinned chart with the pinned helm; what was rendered once is not rendered again."""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..manifests.meta import Manifest
from ..record import record
from ..releases import HELM
from ..templating.helm import Release, template
from ..templating.program import TemplatingError, series
from .sources import SourceError
from .upstream import parse, remembered


@record
class Chart:
    """A chart to render.

    Fields: `folder`: the unpacked chart; `digest`: of the release it belongs to; `version`: written into its labels;
    `release` and `namespace`: as in `helm install RELEASE --namespace NAMESPACE`.
    """

    folder: Path
    digest: str
    version: str
    release: str
    namespace: str


def render(chart: Chart, values: Mapping[str, Any], kubernetes: str) -> list[Manifest]:
    """The chart's objects for a Kubernetes version, CRDs included, hooks dropped. Raises SourceError."""
    parts = (
        "chart",
        series(HELM),
        chart.digest,
        chart.folder.name,
        chart.version,
        chart.release,
        chart.namespace,
        kubernetes,
        json.dumps(values, sort_keys=True),
    )
    return remembered(parts, lambda: _template(chart, values, kubernetes))


def _template(chart: Chart, values: Mapping[str, Any], kubernetes: str) -> list[Manifest]:
    release = Release(chart.release, chart.namespace, kubernetes)
    with tempfile.TemporaryDirectory() as scratch:
        folder = _versioned(chart, Path(scratch))
        try:
            return parse(template(folder, release, values, ["--no-hooks"]))
        except TemplatingError as error:
            raise SourceError(str(error)) from None


def _versioned(chart: Chart, scratch: Path) -> Path:
    """A copy of the chart with its release's version, as upstream's own release build writes it."""
    folder = scratch / chart.folder.name
    shutil.copytree(chart.folder, folder)
    described = (folder / "Chart.yaml").read_text(encoding="utf-8")
    described = re.sub(r"(?m)^(version|appVersion): .*$", rf"\1: {chart.version}", described)
    (folder / "Chart.yaml").write_text(described, encoding="utf-8")
    return folder
