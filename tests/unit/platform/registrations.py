"""Runs components against Pulumi's mocks and keeps what they register, options included."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks, set_mocks

STACK_URN = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Registration:
    """One resource as the engine would get it; URNs without what all have in common."""

    urn: str
    type: str
    inputs: dict[str, Any]
    parent: str
    provider: str
    depends_on: frozenset[str]
    ignored: tuple[str, ...]
    protected: bool
    retained: bool
    secret_outputs: tuple[str, ...]
    deleted_first: bool

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]


class _Echo(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: Any) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no invoke is expected: {args.token}")


class _Recorder(MockMonitor):
    def __init__(self) -> None:
        super().__init__(_Echo())
        self.seen: list[Registration] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the SDK's name
        answer = super().RegisterResource(request)
        if request.type != STACK_URN:
            self.seen.append(
                Registration(
                    urn=_short(answer.urn),
                    type=request.type,
                    inputs=rpc.deserialize_properties(request.object),
                    parent=_short(request.parent),
                    provider=_short(request.provider),
                    depends_on=frozenset(_short(urn) for urn in request.dependencies),
                    ignored=tuple(request.ignoreChanges),
                    protected=request.protect,
                    retained=request.retainOnDelete,
                    secret_outputs=tuple(request.additionalSecretOutputs),
                    deleted_first=request.deleteBeforeReplace,
                )
            )
        return answer


def _short(urn: str) -> str:
    # The real engine's URNs leave the stack's own type out.
    return "::".join(urn.split("::")[2:]).removeprefix(f"{STACK_URN}$")


def registered(build: Callable[[], Any]) -> dict[str, Registration]:
    """What `build` registers, by URN, in a project `shopfront` and a stack `dev`."""
    recorder = _Recorder()
    # Pulumi takes the thread's event loop, which a test that ran asyncio.run() has taken away.
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(recorder.mocks, project="shopfront", stack="dev", monitor=recorder)

    def run() -> None:
        build()

    pulumi.runtime.test(run)()
    found = {one.urn: one for one in recorder.seen}
    twice = sorted({one.urn for one in recorder.seen if [other.urn for other in recorder.seen].count(one.urn) > 1})
    assert not twice, f"several resources have one URN: {twice}"
    return found
