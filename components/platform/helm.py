"""Renders a pinned chart with the pinned helm; what was rendered once is not rendered again."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..manifests.meta import Manifest
from ..releases import HELM
from .sources import SourceError
from .upstream import parse, remembered

_SERIES = HELM.version.rsplit(".", 1)[0]
"""Helm's minor release: patch releases render alike, and a helm built from its module names no patch release."""

_RENDER_SECONDS = 60


@dataclass(frozen=True)
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
        _SERIES,
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
    helm = _helm()
    with tempfile.TemporaryDirectory() as scratch:
        folder = _versioned(chart, Path(scratch))
        given = Path(scratch) / "values.json"
        given.write_text(json.dumps(values), encoding="utf-8")
        command = [helm, "template", chart.release, str(folder), "--namespace", chart.namespace]
        command += ["--kube-version", kubernetes, "--include-crds", "--no-hooks", "--values", str(given)]
        said = _run(command, Path(scratch))
    return parse(said)


def _versioned(chart: Chart, scratch: Path) -> Path:
    """A copy of the chart with its release's version, as upstream's own release build writes it."""
    folder = scratch / chart.folder.name
    shutil.copytree(chart.folder, folder)
    described = (folder / "Chart.yaml").read_text(encoding="utf-8")
    described = re.sub(r"(?m)^(version|appVersion): .*$", rf"\1: {chart.version}", described)
    (folder / "Chart.yaml").write_text(described, encoding="utf-8")
    return folder


def _helm() -> str:
    """The pinned helm on PATH. Raises SourceError."""
    remedy = f'helm {_SERIES} renders the charts: put it on PATH (`eval "$(coalmine local env)"` does)'
    found = shutil.which("helm")
    if found is None:
        raise SourceError(f"{remedy}; there is none")
    version = _run([found, "version", "--template", "{{.Version}}"], Path.cwd()).strip()
    if version != _SERIES and not version.startswith(f"{_SERIES}."):
        raise SourceError(f"{remedy}; the one there is {version}")
    return found


def _run(command: list[str], folder: Path) -> str:
    # A user's own helm plug-ins, repositories and defaults must not change what is rendered.
    bare = {"HELM_CONFIG_HOME": str(folder), "HELM_DATA_HOME": str(folder), "HELM_CACHE_HOME": str(folder)}
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, **bare},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RENDER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"helm cannot be run: {error}") from None
    if ran.returncode != 0:
        reason = (ran.stderr.strip() or "no message").splitlines()[-1]
        raise SourceError(f"helm {command[1]} {command[2]} failed: {reason}")
    return ran.stdout
