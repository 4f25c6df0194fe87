"""`coalmine plan`: what a release does, in words that need no knowledge of the engine."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from ..compile import Compiled, compile_app
from ..contracts import Told
from ..plan import Plan, Stage
from ..spec.channels import Event
from ..spec.checks import Check, Query, check_name, describe
from ..spec.choice import Delivery
from .output import AsJson, Root, StackName, chosen_apps, open_stack, print_json, project_root


def verb(
    stack: StackName,
    app: Annotated[str | None, typer.Argument(help="One app; all of the stack's unless given.")] = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Show each app's release as a plain-language table."""
    loaded = open_stack(stack, project_root(root))
    releases = [compile_app(found, loaded.spec.delivery) for found in chosen_apps(loaded, app)]
    if json:
        print_json([as_data(release) for release in releases])
        return
    from rich.console import Console

    console = Console()
    for release in releases:
        _show(release, console)


def as_data(release: Compiled) -> dict[str, Any]:
    """A release as JSON data."""
    plan = release.plan
    return {
        "app": plan.name,
        "strategy": plan.app.delivery.strategy,
        "namespace": plan.namespace,
        "version": plan.app.workload.shown_version,
        "revision": plan.revision,
        "checks": [describe(check) for check in plan.checks],
        "minimum_requests": plan.analysis.minimum_requests,
        "stages": [
            {
                "weight": stage.weight,
                "audience": str(stage.route.cohort) if stage.route.cohort else None,
                "mirror": str(stage.route.mirror) if stage.route.mirror else None,
                "experiment": stage.experiment.weight if stage.experiment else None,
                "approval": stage.approval,
                "hold": str(stage.hold),
                "checks": stage.gate.count,
                "every": str(stage.gate.interval),
                "tolerated_failures": stage.gate.tolerated_failures,
            }
            for stage in plan.stages
        ],
        "deadline": str(plan.app.delivery.rollback.deadline),
        "gates": [{"name": hook.name, "when": hook.when, "url": hook.url} for hook in plan.app.delivery.gates],
        "told": {one.name: list(one.events) for one in release.told},
        "notes": list(release.notes),
    }


HEADINGS = ("step", "who gets it", "for", "checked", "taken back when")


def rows(plan: Plan) -> list[tuple[str, ...]]:
    """The release step by step, under HEADINGS."""
    steps = [(str(number), *_step(stage)) for number, stage in enumerate(plan.stages, start=1)]
    if plan.switched:
        return steps
    return [*steps, (str(len(plan.stages) + 1), "100%", "", "", "")]


def _step(stage: Stage) -> tuple[str, ...]:
    gate = stage.gate
    failures = gate.tolerated_failures + 1
    fails = f"{failures} check{'' if failures == 1 else 's'} fail{'s' if failures == 1 else ''}"
    hold = f"{stage.hold}, then until it is approved" if stage.approval else str(stage.hold)
    shares = f"experiment: fresh pods of both versions, {stage.experiment.weight}% each" if stage.experiment else ""
    return shares or str(stage.route), hold, f"{gate.count} times, every {gate.interval}", fails


def remarks(release: Compiled) -> list[str]:
    """What holds for all steps, a sentence each."""
    plan = release.plan
    waits = plan.switched and plan.switched.approval
    return [
        *(["The switch waits until it is approved; until then no user gets the new version."] if waits else []),
        "Each time, on the new version alone: " + "; ".join(describe(check) for check in plan.checks) + ".",
        *_silence(plan),
        *_beside_the_steps(plan),
        f"Without progress for {plan.app.delivery.rollback.deadline} the release is aborted.",
        *_asked_besides(plan.app.delivery),
        *(f"Channel '{one.name}' is told when it is {_events(one)}." for one in release.told),
        *(f"{note}." for note in release.notes),
    ]


def _asked_besides(delivery: Delivery) -> Iterator[str]:
    """Gates, load and ways back, beside the checks."""
    yield from (f"{hook} ({hook.url})." for hook in delivery.gates)
    if delivery.load_test:
        yield f"While it is checked, load is made: {shlex.join(delivery.load_test.command)}."
    if delivery.rollback.fast_window:
        yield f"Going back to one of the last {delivery.rollback.fast_window} versions skips all steps and checks."


_MOMENTS: Mapping[Event, str] = {"step": "past the checks of a step", "approval": "to be approved"}
"""Of an event, how a release is then, where it is not called the same."""


def _events(one: Told) -> str:
    return ", ".join(_MOMENTS.get(event, event) for event in one.events)


def _silence(plan: Plan) -> Iterator[str]:
    """What no answer means, for the checks that fail without one and for those that are held."""
    hold = [check for check in plan.checks if check.on_no_data == "hold"]
    fail = [check for check in plan.checks if check not in hold]
    tolerated = plan.analysis.tolerated_failures
    after = f"after more than {tolerated} of them in a step " if tolerated else ""
    waits = f"is neither good nor bad{{of}}; {after}the release stands still until people promote or abort it"
    yield from _unanswered(plan, fail, "is a failed check{of}")
    yield from _unanswered(plan, hold, waits)


def _unanswered(plan: Plan, checks: Sequence[Check], verdict: str) -> Iterator[str]:
    """`verdict`: what it is; `{of}` stands where the checks are named."""
    own = [check.name for check in checks if isinstance(check, Query)]
    others = [check for check in checks if not isinstance(check, Query)]
    every = len(others) == sum(not isinstance(check, Query) for check in plan.checks)
    if others:
        of = "" if every else f" for {', '.join(map(check_name, others))}"
        few = f"Fewer than {plan.analysis.minimum_requests} requests in an interval, or no data,"
        yield f"{few} {verdict.format(of=of)}."
    if own:
        of = f" for {', '.join(own)}, however many requests there were"
        yield f"No data {verdict.format(of=of)}."


def _beside_the_steps(plan: Plan) -> Iterator[str]:
    """What is compared and watched otherwise than step by step."""
    if any(stage.experiment for stage in plan.stages):
        yield "In the experiment 'stable' means the fresh pods of the stable version."
    if plan.analysis.background:
        tolerated = plan.analysis.tolerated_failures
        yield (
            "The checks go on between the steps, until everybody gets it; "
            f"with {tolerated + 1} failed in the whole release it is taken back."
        )


def _show(release: Compiled, console: Any) -> None:
    from rich.table import Table

    plan = release.plan
    table = Table(title=f"{plan.name} {plan.app.workload.shown_version}".strip(), title_justify="left")
    for heading in HEADINGS:
        table.add_column(heading)
    for row in rows(plan):
        table.add_row(*row)
    console.print(table)
    for remark in remarks(release):
        console.print(remark)
    console.print()
