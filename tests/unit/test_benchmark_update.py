"""The update benchmark measures two programs that do the same, in turn, and names what is too slow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.pairs import alternated, middle, ratio
from benchmarks.process import Usage
from benchmarks.programs import NAMESPACE, apps_for, own, stack_file
from benchmarks.registrations import difference, objects, registrations
from benchmarks.update import missed, section
from components.compile import StackCheck, compile_stack
from components.discovery import discover
from components.platform.checks import problems
from components.platform.piece import pieces_of
from components.spec.load import load_stack
from localcluster.state import REPO

MACHINE = {"cpu": "A CPU", "cores": 2, "memory_gb": 8, "kernel": "6.1", "python": "3.11.7", "load": 0.1}
STACK = "urn:pulumi:bench::coalmine::pulumi:pulumi:Stack::coalmine-bench"
PROVIDER = "urn:pulumi:bench::coalmine::pulumi:providers:kubernetes::local"
APP = "urn:pulumi:bench::coalmine::coalmine:index:App::shop"
SERVICE = "urn:pulumi:bench::coalmine::coalmine:index:App$kubernetes:core/v1:Service::shop/Service/shop"


def state(**service: Any) -> list[dict[str, Any]]:
    """What a stack with one app of one Service leaves; `service` changes the Service."""
    inputs = {"clusterIdentifier": "local", "upsertExistingObjects": "true", "version": "4.34.2"}
    token = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"secret"'}
    return [
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False},
        {
            "urn": PROVIDER,
            "type": "pulumi:providers:kubernetes",
            "custom": True,
            "inputs": {**inputs, "kubeconfig": token},
            "parent": STACK,
        },
        {"urn": APP, "type": "coalmine:index:App", "custom": False, "parent": STACK, "dependencies": [PROVIDER]},
        {
            "urn": SERVICE,
            "type": "kubernetes:core/v1:Service",
            "custom": True,
            "id": "shop/shop",
            "parent": APP,
            "provider": f"{PROVIDER}::5f3c",
            "inputs": {"kind": "Service"},
            "ignoreChanges": ["spec.selector"],
            "customTimeouts": {"create": 600},
            **service,
        },
    ]


def usage(seconds: float) -> dict[str, float]:
    return {"seconds": seconds, "cpu_seconds": seconds / 2, "peak_mb": 100}


def facts(ours: list[float], bare: list[float]) -> dict[str, Any]:
    pairs = {"coalmine": [usage(one) for one in ours], "bare": [usage(one) for one in bare]}
    quick = {"coalmine": [usage(1)], "bare": [usage(1)]}
    return {"machine": MACHINE, "runs": [{"objects": 10, "resources": 17, "preview": quick, "up": pairs}]}


def test_the_bare_program_gets_what_was_registered_and_nothing_of_the_stack_itself() -> None:
    provider, app, service = registrations(state())
    assert provider["inputs"] == {
        "cluster_identifier": "local",
        "upsert_existing_objects": True,
        "kubeconfig": "secret",
    }
    assert [one["sort"] for one in (provider, app, service)] == ["provider", "component", "object"]
    assert (app["parent"], app["depends_on"], service["parent"]) == ("", [PROVIDER], APP)
    assert (service["name"], service["provider"]) == ("shop/Service/shop", PROVIDER)
    assert service["options"] == {"ignore_changes": ["spec.selector"]}
    assert service["timeouts"] == {"create": "600s"}
    assert objects(state()) == 1


def test_the_bare_program_has_hooks_where_ours_has_them() -> None:
    """They are options of the resource, and what Pulumi takes for calling them is in both programs' time."""
    definition = {"type": "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"}
    assert [one["hooked"] for one in registrations(state())] == [False, False, True]
    assert [one["hooked"] for one in registrations(state(**definition))] == [False, False, False]


def test_what_the_hooks_come_to_is_told_beside_a_program_without_any() -> None:
    told = facts([2.1], [2.0])
    told["runs"][0]["up"]["bare without hooks"] = [usage(1.5)]
    assert "- 10 objects: `up` 1.40 (2.10 and 1.50 s)." in section(told)


def test_ids_are_no_difference_and_everything_that_a_program_says_is() -> None:
    later = state(id="shop/shop-2", created="later", provider=f"{PROVIDER}::other")
    assert difference(state(), later) == ""
    changes: dict[str, Any] = {
        "inputs": {"kind": "Secret"},
        "parent": STACK,
        "provider": "",
        "dependencies": [APP],
        "ignoreChanges": None,
        "customTimeouts": None,
        "protect": True,
        "retainOnDelete": True,
    }
    for key, value in changes.items():
        assert difference(state(), state(**{key: value})).startswith(f"{SERVICE} has another {key}: "), key
    assert difference(state(), state()[:-1]) == f"only the first has {SERVICE}"
    assert difference(state()[:-1], state()) == f"only the second has {SERVICE}"


def test_programs_run_in_turn() -> None:
    order: list[str] = []

    def runs(name: str, seconds: float) -> Callable[[], Usage]:
        def run() -> Usage:
            order.append(name)
            return Usage(seconds * len(order), 1.0, 1.0)

        return run

    found = alternated({"a": runs("a", 1.0), "b": runs("b", 2.0)}, 2)
    assert order == ["a", "b", "a", "b"]
    assert [one["seconds"] for one in found["b"]] == [4.0, 8.0]


def test_the_ratio_is_the_median_over_the_pairs_so_that_a_busy_moment_does_not_decide() -> None:
    pairs = {"a": [usage(2), usage(20), usage(3)], "b": [usage(2), usage(19), usage(2)]}
    assert ratio(pairs, "a", "b") == pytest.approx(20 / 19)
    assert ratio(pairs, "a", "b", "cpu_seconds") == pytest.approx(20 / 19)
    assert middle(pairs["a"]) == 3


def test_what_takes_longer_than_promised_is_named_with_its_figures() -> None:
    assert missed(facts([1.1], [1.0])) == []
    late = facts([2.3, 2.2, 9.0], [2.0, 2.0, 2.0])
    assert missed(late) == [
        "10 objects: `pulumi up` takes 1.15 times as long as the bare program (2.30 and 2.00 seconds), "
        "promised: at most 1.10"
    ]
    assert "- Missed: 10 objects: `pulumi up` takes 1.15 times" in section(late)
    assert "| 10 | 17 | `up` | 2.30 | 2.00 | 1.15 | 1.15 | 1.00 | 1.15 |" in section(late)


def test_beside_other_work_the_processors_seconds_are_judged_and_the_page_says_so() -> None:
    busy = facts([3.0], [2.0])
    assert len(missed(busy)) == 1
    busy["machine"] = {**MACHINE, "load": 2.0}
    busy["runs"][0]["up"]["coalmine"][0]["cpu_seconds"] = 1.05
    assert missed(busy) == []
    assert "Judged here: CPU seconds" in section(busy)
    assert "beside other work, load 2.0 at the start" in section(busy)
    busy["runs"][0]["up"]["coalmine"][0]["cpu_seconds"] = 1.2
    assert missed(busy)[0].endswith("(1.20 and 1.00 CPU seconds), promised: at most 1.10")


@pytest.mark.parametrize("wanted", [10, 100, 400])
def test_the_project_is_valid_and_about_as_large_as_wanted(tmp_path: Path, wanted: int) -> None:
    discover()
    program = own(tmp_path / "own", wanted, {})
    loaded = load_stack(program.folder, program.folder / "stacks" / "Pulumi.bench.yaml", StackCheck())
    compiled = compile_stack(loaded)
    exactly = 1 + sum(len(app.manifests) for app in compiled)
    assert (problems(loaded), list(pieces_of(loaded.spec))) == ([], [])
    assert {app.plan.namespace for app in compiled} == {NAMESPACE}
    assert apps_for(wanted) == (len(compiled), exactly)
    assert abs(exactly - wanted) <= 5


def test_the_stack_is_the_local_one_but_for_apps_and_platform() -> None:
    local = (REPO / "stacks" / "Pulumi.local.yaml").read_text()
    before, after = yaml.safe_load(local), yaml.safe_load(stack_file(local))
    assert after["encryptionsalt"] == before["encryptionsalt"], "making the stack would ask for another passphrase"
    assert after["config"]["coalmine:delivery"]["router"] == before["config"]["coalmine:delivery"]["router"]
