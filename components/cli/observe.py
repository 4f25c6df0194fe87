"""`coalmine observe`: the alerts, recording rules and dashboards of a stack as files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from ..metrics.prometheus import PrometheusProvider
from ..observability.dashboard import all_dashboards
from ..observability.rules import rule_files
from ..observability.watched import Watched
from ..platform.piece import watched_by
from ..render import write_tree
from .output import AsJson, Root, StackName, UserError, open_stack, print_json, project_root


def verb(
    stack: StackName,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write; made where it is missing.")],
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Write rules/*.yaml for a Prometheus and dashboards/*.json for a Grafana that the platform does not install."""
    loaded = open_stack(stack, project_root(root))
    provider = loaded.spec.delivery.metrics
    if not isinstance(provider, PrometheusProvider):
        raise UserError(
            f"{loaded.file}: metrics '{provider.kind}' take no rules of Prometheus, and have no such series"
        )
    try:
        tree = write_tree(out, _files(watched_by(loaded.spec, [app.spec for app in loaded.apps])))
    except OSError as error:
        raise UserError(f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}") from None
    if json:
        print_json({"out": str(out), "files": tree.files, "written": tree.written, "removed": tree.removed})
    else:
        print(f"{out}: {len(tree.files)} files, {len(tree.written)} changed, {len(tree.removed)} removed")


def _files(look: Watched) -> Iterator[tuple[str, str]]:
    for name, text in rule_files(look).items():
        yield f"rules/{name}", text
    for dashboard in all_dashboards(look):
        yield f"dashboards/{dashboard.name}.json", dashboard.text
