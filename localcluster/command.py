"""`coalmine local`: start, look at, enter and end the embedded cluster."""

import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from . import shell, stack
from .cluster import RELAYS, Cluster
from .control import Answer
from .display import Progress
from .state import DEFAULT_NAME, LocalClusterError

HEALTHY = 0
DEGRADED = 3

app = typer.Typer(
    help="The embedded cluster: a control plane, Envoy and every pod, on this machine, without containers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Option("--name", help="Which local cluster; several can run side by side.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def up(name: Name = DEFAULT_NAME, as_json: AsJson = False) -> None:
    """Start what is not running, and wait until all of it is ready."""
    with _told():
        begun = time.monotonic()
        cluster = Cluster(name)
        with ThreadPoolExecutor(1) as beside:
            cluster.state.make()
            # It takes as long as the cluster itself, and needs nothing of it.
            made = beside.submit(stack.ensure, cluster.state)
            answer = _start(cluster, as_json)
            has_stack = made.result()
        seconds = time.monotonic() - begun
        if as_json:
            _print_json(cluster, answer)
            return
        console = Console(stderr=True)
        console.print(f"local cluster '{name}' is ready ({seconds:.1f} s)", highlight=False)
        option = "" if name == DEFAULT_NAME else f" --name {name}"
        then = " && pulumi up --stack local" if has_stack else ""
        console.print(f'next: eval "$(coalmine local env{option})"{then}', highlight=False, markup=False)


@app.command()
def down(name: Name = DEFAULT_NAME, as_json: AsJson = False) -> None:
    """End every process of the cluster and remove its state."""
    with _told():
        cluster = Cluster(name)
        existed = cluster.exists()
        cluster.down()
        if as_json:
            print(json.dumps({"name": name, "existed": existed}))
        else:
            Console(stderr=True).print(f"local cluster '{name}' {'has ended' if existed else 'was not there'}")


@app.command()
def status(name: Name = DEFAULT_NAME, as_json: AsJson = False) -> None:
    """List every piece; exit 0 when all are ready, 3 when not."""
    with _told():
        cluster = Cluster(name)
        answer = cluster.status()
        if as_json:
            _print_json(cluster, answer)
        else:
            _print_table(cluster, answer)
        raise typer.Exit(HEALTHY if answer is not None and answer.ready else DEGRADED)


@app.command("exec", context_settings={"ignore_unknown_options": True})
def run(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run, with its arguments.")],
    name: Name = DEFAULT_NAME,
) -> None:
    """Run a command inside the cluster's network, with KUBECONFIG set; its exit code is passed on."""
    with _told():
        cluster = Cluster(name)
        argv, environment = cluster.inside(command), cluster.inner_environment()
    sys.stdout.flush()
    os.execvpe(argv[0], argv, environment)


@app.command()
def env(name: Name = DEFAULT_NAME, as_json: AsJson = False) -> None:
    """Print what a shell needs: eval "$(coalmine local env)"."""
    with _told():
        cluster = Cluster(name)
        if not cluster.exists():
            raise LocalClusterError(f"there is no local cluster {name!r}: run `coalmine local up` first")
        stack.ensure(cluster.state)
        variables = cluster.environment()
        print(json.dumps(variables, indent=2) if as_json else shell.script(variables), end="\n" if as_json else "")


def _start(cluster: Cluster, quiet: bool) -> Answer:
    if quiet:
        return cluster.up()
    with Progress(cluster.name) as progress:
        return cluster.up(progress.show)


@contextmanager
def _told() -> Iterator[None]:
    """Tell the user what went wrong, one line each, and exit 1."""
    try:
        yield
    except LocalClusterError as error:
        for line in str(error).splitlines():
            print(f"coalmine local: {line}", file=sys.stderr)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        print("coalmine local: interrupted; `coalmine local up` goes on from here", file=sys.stderr)
        raise typer.Exit(130) from error


def _print_json(cluster: Cluster, answer: Answer | None) -> None:
    ports = {relay: cluster.port(relay) for relay in RELAYS} if cluster.exists() else {}
    data = {
        "name": cluster.name,
        "running": answer is not None,
        "ready": answer is not None and answer.ready,
        "problem": answer.problem if answer else "",
        "kubeconfig": str(cluster.kubeconfig),
        "ports": ports,
        "gateway": answer.gateway if answer else "",
        "pieces": [asdict(piece) for piece in answer.pieces] if answer else [],
    }
    print(json.dumps(data, indent=2))


def _print_table(cluster: Cluster, answer: Answer | None) -> None:
    if answer is None:
        known = "is stopped" if cluster.exists() else "does not exist"
        print(f"local cluster '{cluster.name}' {known}: run `coalmine local up`")
        return
    rows = [("PIECE", "STATE", "PID", "SINCE", "PORT", "LOG")]
    for piece in answer.pieces:
        state = f"{piece.state}: {piece.detail}" if piece.detail else piece.state
        since = time.strftime("%H:%M:%S", time.localtime(piece.since)) if piece.since else ""
        rows.append((piece.name, state, str(piece.pid or ""), since, str(piece.port or ""), Path(piece.log).name))
    # Plain columns: what is looked for must not be cut off in a narrow terminal or a pipe.
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"logs: {os.path.relpath(cluster.state.logs)}")
    for relay in RELAYS:
        print(f"{relay}: 127.0.0.1:{cluster.port(relay)}")
    if not answer.ready:
        why = answer.problem or "a piece is not ready; `coalmine local up` starts again what ended"
        print(f"degraded: {why}")


if __name__ == "__main__":
    app()
