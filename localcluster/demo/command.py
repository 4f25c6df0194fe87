"""`coalmine demo`: five versions of one app, released on the local cluster, decided by real traffic."""

import json
import sys
import time
from typing import Annotated

import typer
from rich.console import Console

from ..api import ApiError
from ..cluster import Cluster
from ..load import LoadError
from ..shell import official_plugins
from ..state import DEFAULT_NAME, LocalClusterError
from .display import Display
from .pulumi_cli import PulumiFailed
from .releases import DemoFailed
from .results import VersionResult, as_data
from .run import play, waiting
from .scene import RATE
from .stage import WEIGHTS

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

_INTERRUPTED = 130


@app.command()
def demo(
    name: Annotated[str, typer.Option("--name", help="The local cluster to use; started if it is not running.")] = (
        DEFAULT_NAME
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON, progress on stderr.")] = False,
) -> None:
    """Release five versions of an app on the embedded cluster and watch what traffic decides.

    Ends 0 when every version came to what was expected of it, else 1 with a line that says what differed. The cluster
    stays up.
    """
    console = Console(stderr=as_json)
    results = waiting()
    began = time.monotonic()
    try:
        problem = _run(Cluster(name), results, console)
    except KeyboardInterrupt:
        told = "stopped; the cluster is still running: `make demo` starts over, `make down` ends it"
        console.print(f"\n{told}", highlight=False, soft_wrap=True)
        raise typer.Exit(_INTERRUPTED) from None
    took = time.monotonic() - began
    if as_json:
        print(json.dumps(_data(results, problem, took), indent=2, ensure_ascii=False))
    if problem:
        print(f"coalmine: {problem}", file=sys.stderr)
        raise typer.Exit(1)
    console.print(_farewell(took, name), highlight=False, soft_wrap=True)


def _run(cluster: Cluster, results: list[VersionResult], console: Console) -> str:
    """Plays the demo; returns what went wrong or differed, "" if nothing did."""
    try:
        console.print("starting the local cluster, or using the one that runs", soft_wrap=True)
        cluster.up()
        with Display(console, _title(cluster), results, len(WEIGHTS)) as display:
            play(cluster, results, display)
    except (LocalClusterError, PulumiFailed, LoadError, DemoFailed) as error:
        return str(error)
    except (ApiError, OSError) as error:
        return f"the local cluster does not answer ({error}): see `coalmine local status`"
    return next((difference for result in results if (difference := result.difference())), "")


def _title(cluster: Cluster) -> str:
    plugins = "Pulumi's own plug-ins" if official_plugins() else "the bundled plug-ins (PLUGINS=official uses Pulumi's)"
    return f"Five releases on cluster '{cluster.name}', {RATE} requests/s through Envoy, with {plugins}"


def _data(results: list[VersionResult], problem: str, took: float) -> dict[str, object]:
    return {
        "ok": not problem,
        "problem": problem,
        "seconds": round(took, 1),
        "requests_per_second": RATE,
        "plugins": "official" if official_plugins() else "bundled",
        "versions": [as_data(result) for result in results],
    }


def _farewell(took: float, name: str) -> str:
    option = "" if name == DEFAULT_NAME else f" --name {name}"
    hints = {
        f"coalmine local status{option}": "what runs",
        f'eval "$(coalmine local env{option})"': "then, in this shell:",
        "pulumi stack --stack local": "what Pulumi made",
        "kubectl-argo-rollouts get rollout shop --namespace shop": "the last release",
        "make down" if name == DEFAULT_NAME else f"coalmine local down{option}": "ends the cluster",
    }
    width = max(len(command) for command in hints)
    lines = [f"  {command:{width}}  {what}" for command, what in hints.items()]
    told = f"All five releases ended as they should, in {took:.0f} s. The cluster is still up; look around:"
    return "\n".join([told, *lines])
