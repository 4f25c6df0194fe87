"""What stands before every create, without an engine: whom it asks, what it lets through, what it waits for."""

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import guard as module
from components.adoption import Reference, UnknownError
from components.guard import Guard, RefusedError

URN = "urn:pulumi:production::coalmine::coalmine:index:App$kubernetes:core/v1:Service::shop/Service/shop"
OURS = {"labels": {"coalmine.dev/stack": "coalmine.production"}}
INPUTS = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "shop"}}


class Answers:
    """In place of a cluster: what is found, one answer after the other; the last one stays."""

    def __init__(self, *metadata: dict[str, Any] | Exception | None) -> None:
        self.left = list(metadata)
        self.asked: list[Reference] = []
        self.in_new: list[Reference] = []
        self.learned: SimpleQueue[Reference] = SimpleQueue()

    def learn(self, reference: Reference) -> None:
        self.learned.put(reference)

    def find(self, reference: Reference) -> dict[str, Any] | None:
        self.asked.append(reference)
        found = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        if isinstance(found, Exception):
            raise found
        return None if found is None else {"metadata": found, "spec": {"selector": {"hash": "1"}}}

    def find_in_new(self, reference: Reference) -> dict[str, Any] | None:
        self.in_new.append(reference)
        return self.find(reference)

    def lacks_namespace(self, name: str) -> bool:
        return name == "new"

    def labelled(self, reference: Reference, stack: str) -> dict[str, Any] | None:
        assert stack == "coalmine.production"
        return self.find(reference)


@pytest.fixture
def guarding(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Guard]:
    """Makes guards in an update of the stack coalmine.production, or in a preview."""
    monkeypatch.setattr(pulumi, "get_project", lambda: "coalmine")
    monkeypatch.setattr(pulumi, "get_stack", lambda: "production")
    monkeypatch.setattr(pulumi, "ResourceHook", lambda name, func, opts: SimpleNamespace(name=name, opts=opts))
    monkeypatch.setattr(pulumi.log, "info", lambda _text: None)
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.001)

    def make(answers: Any, *, preview: bool = False, delete_seconds: float = 30.0) -> Guard:
        monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: preview)
        return Guard("production", answers, delete_seconds)

    return make


def check(guard: Guard, inputs: dict[str, Any] = INPUTS) -> None:
    """Runs the hook for a Service."""
    asyncio.run(guard.check(SimpleNamespace(urn=URN, new_inputs=inputs)))  # type: ignore[arg-type]


def test_the_hook_runs_in_previews_too(guarding: Callable[..., Guard]) -> None:
    hook = guarding(Answers(None), preview=True).hook(INPUTS)
    assert hook is not None
    assert hook.opts.on_dry_run is True  # type: ignore[union-attr]


def test_where_a_version_has_its_objects_is_asked_once_and_before_the_hook_runs(guarding: Callable[..., Guard]) -> None:
    answers = Answers(None)
    guard = guarding(answers)
    route = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": INPUTS["metadata"]}
    for one in (INPUTS, INPUTS, route):
        guard.hook(one)
    learned = {answers.learned.get(timeout=30) for _ in range(2)}
    assert {one.api_version for one in learned} == {"v1", "networking.istio.io/v1"}
    assert answers.learned.empty(), "a hundred apps would ask a hundred times"


def test_only_a_preview_does_without_it_where_the_namespace_is_new(guarding: Callable[..., Guard]) -> None:
    new = {**INPUTS, "metadata": {"name": "shop", "namespace": "new"}}
    assert guarding(Answers(None), preview=True).hook(new) is None
    itself = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}}
    assert guarding(Answers(None), preview=True).hook(itself) is None
    assert guarding(Answers(None)).hook(new), "others may make the namespace and the object while an update runs"


def test_what_this_stack_has_is_told_and_silence_is_no_answer(guarding: Callable[..., Guard]) -> None:
    reference = Reference.of(INPUTS)
    assert guarding(Answers(OURS)).has(reference)
    assert not guarding(Answers(None)).has(reference)
    with pytest.raises(pulumi.RunError, match="nobody answers"):
        guarding(Answers(UnknownError("nobody answers"))).has(reference)


@pytest.mark.parametrize("found", [None, OURS], ids=["nothing is there", "this stack made it"])
@pytest.mark.parametrize("preview", [False, True])
def test_a_create_goes_on(guarding: Callable[..., Guard], found: Any, preview: bool) -> None:
    answers = Answers(found)
    check(guarding(answers, preview=preview))
    assert answers.asked == [Reference("v1", "Service", "shop", "shop")]


@pytest.mark.parametrize("preview", [False, True])
def test_a_create_over_a_foreign_object_fails_in_update_and_preview(
    guarding: Callable[..., Guard], preview: bool
) -> None:
    with pytest.raises(RefusedError, match=r"^Service shop/shop exists already and belongs to no stack:"):
        check(guarding(Answers({}), preview=preview))


def test_in_a_namespace_of_this_run_too_a_foreign_object_is_refused_and_one_that_leaves_is_waited_for(
    guarding: Callable[..., Guard],
) -> None:
    new = {**INPUTS, "metadata": {"name": "shop", "namespace": "new"}}
    answers = Answers({"deletionTimestamp": "2026-01-01T00:00:00Z"}, {})
    with pytest.raises(RefusedError, match=r"^Service new/shop exists already and belongs to no stack:"):
        check(guarding(answers), new)
    assert len(answers.in_new) == 1, "what is being waited for is asked for by its name"
    assert len(answers.asked) == 2


def test_the_resource_is_told_by_its_urn(guarding: Callable[..., Guard]) -> None:
    renamed = {**OURS, "annotations": {"coalmine.dev/resource": URN.split("::", 2)[2].replace("::shop", "::store")}}
    with pytest.raises(RefusedError, match="as another resource of this stack"):
        check(guarding(Answers(renamed)))


def test_an_object_that_is_being_deleted_is_waited_for_whoever_it_belongs_to(guarding: Callable[..., Guard]) -> None:
    leaving = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    answers = Answers(leaving, leaving, None)
    check(guarding(answers))
    assert len(answers.asked) == 3
    answers = Answers(leaving)
    check(guarding(answers, preview=True))
    assert len(answers.asked) == 1, "a preview waits for nothing"


def test_one_that_does_not_go_is_an_error_that_names_it(guarding: Callable[..., Guard]) -> None:
    with pytest.raises(RefusedError, match=r"Service shop/shop is being deleted since 2026.*finalizers"):
        check(guarding(Answers({"deletionTimestamp": "2026"}), delete_seconds=0.01))


def test_what_controllers_own_is_registered_as_it_is_now(guarding: Callable[..., Guard]) -> None:
    manifest = {**INPUTS, "spec": {"selector": {"app": "shop"}}}
    guard = guarding(Answers(OURS))
    assert guard.prepared(manifest, ["spec.selector"])["spec"] == {"selector": {"hash": "1"}}
    answers = Answers(OURS)
    assert guarding(answers).prepared(manifest, []) == manifest
    assert answers.asked == [], "nothing of it is owned by others, so nothing needs to be asked"


def test_a_cluster_that_does_not_answer_ends_the_program_in_one_line(guarding: Callable[..., Guard]) -> None:
    with pytest.raises(pulumi.RunError, match=r"^it is away$"):
        guarding(Answers(UnknownError("it is away"))).prepared(INPUTS, ["spec.selector"])
