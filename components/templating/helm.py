"""`helm template`: a chart becomes the text of its objects."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..record import record
from ..releases import HELM
from .program import pinned, run


@record
class Release:
    """As in `helm install NAME --namespace NAMESPACE`. `kubernetes`: the cluster's version, "" for helm's default."""

    name: str
    namespace: str
    kubernetes: str


def template(chart: Path, release: Release, values: Mapping[str, Any], options: Sequence[str] = ()) -> str:
    """The chart's objects, CRDs included. Raises TemplatingError."""
    helm = pinned(HELM, "the charts", "version", "--template", "{{.Version}}")
    with tempfile.TemporaryDirectory() as scratch:
        given = Path(scratch) / "values.json"
        given.write_text(json.dumps(values), encoding="utf-8")
        command = [helm, "template", release.name, str(chart), "--namespace", release.namespace, "--include-crds"]
        command += ["--kube-version", release.kubernetes] if release.kubernetes else []
        # A user's own helm plug-ins, repositories and defaults must not change what is rendered.
        bare = {f"HELM_{part}_HOME": scratch for part in ("CONFIG", "DATA", "CACHE")}
        return run([*command, "--values", str(given), *options], Path(scratch), bare)
