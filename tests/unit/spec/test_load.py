"""From files to specs: which file gets the blame, what an override does, and everything at once."""

from pathlib import Path
from typing import Any

import pytest

from components.spec.load import load_app
from components.spec.merging import merge
from tests.specs import REMOVED, Project, changed, example_app, stack_keys

SHOP = example_app()
STACK = "stacks/Pulumi.test.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with one valid app."""
    made = Project(tmp_path)
    made.apps(SHOP)
    return made


def _other(name: str, host: str = "other.example.com") -> dict[str, Any]:
    return changed(changed(SHOP, "name", to=name), "traffic", "hosts", to=[host])


def test_apps_come_in_alphabetical_order_with_the_file_they_stand_in(project: Project) -> None:
    project.apps(SHOP, _other("basket"))
    project.write("apps/z.yaml", (project.root / "apps/app.yaml").read_text().replace("shop", "zoo").split("---")[0])
    found = [(app.spec.name, app.origin.file) for app in project.load().apps]
    assert found == [("basket", "apps/app.yaml"), ("shop", "apps/app.yaml"), ("zoo", "apps/z.yaml")]


def test_a_file_that_two_patterns_match_is_read_once(project: Project) -> None:
    project.stack({**stack_keys(), "apps": ["apps/app.yaml", "apps/*.yaml", "apps/**/*.yaml"]})
    assert [app.spec.name for app in project.load().apps] == ["shop"]


def test_a_stack_may_run_no_app(project: Project) -> None:
    project.stack({key: value for key, value in stack_keys().items() if key != "apps"})
    assert project.load().apps == ()


def test_an_override_changes_the_app_on_this_stack_key_by_key(project: Project) -> None:
    project.stack({**stack_keys(), "overrides": {"shop": {"replicas": 9, "workload": {"image": "shop:2"}}}})
    spec = project.load().apps[0].spec
    assert (spec.replicas, str(spec.workload.image), spec.workload.port) == (9, "shop:2", 8080)


def test_null_in_an_override_removes_a_key(project: Project) -> None:
    project.stack({**stack_keys(), "overrides": {"shop": {"replicas": None, "scaling": {"min": 2, "max": 4}}}})
    spec = project.load().apps[0].spec
    assert (spec.replicas, spec.scaling and spec.scaling.max) == (None, 4)


@pytest.mark.parametrize(
    ("base", "change", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        ({}, {"a": None}, {}),
    ],
)
def test_merging(base: Any, change: Any, merged: Any) -> None:
    assert merge(base, change) == merged


def test_a_mistake_in_an_override_is_the_stack_files(project: Project) -> None:
    wrong = {"replicas": "3", "delivery": {"steps": [{"weight": 200, "hold": "1m"}]}}
    project.stack({**stack_keys(), "overrides": {"shop": wrong}})
    assert project.messages() == [
        f"{STACK}: coalmine:overrides.shop.delivery.steps[0].weight: 200 is too large: at most 100",
        f"{STACK}: coalmine:overrides.shop.replicas: must be a whole number, not '3'",
    ]


def test_a_mistake_beside_an_override_is_the_apps(project: Project) -> None:
    project.apps(changed(SHOP, "delivery", "steps", 0, "hold", to="5 minutes"))
    project.stack({**stack_keys(), "overrides": {"shop": {"delivery": {"analysis": {"tolerated_failures": 1}}}}})
    expected = "apps/app.yaml: delivery.steps[0].hold: '5 minutes' is not a duration (did you mean '5m'?)"
    assert project.messages() == [expected]


def test_what_an_override_makes_too_short_for_the_metrics_is_the_stack_files(project: Project) -> None:
    project.stack({**stack_keys(), "overrides": {"shop": {"delivery": {"analysis": {"interval": "15s"}}}}})
    path = "coalmine:overrides.shop.delivery.analysis.interval"
    expected = f"{STACK}: {path}: 15s is too short for a scrape interval of 5s: at least 20s"
    assert project.messages() == [expected]


def test_an_override_of_an_unknown_app_is_refused(project: Project) -> None:
    project.stack({**stack_keys(), "overrides": {"shpo": {"replicas": 3}}})
    path = "coalmine:overrides.shpo"
    assert project.messages() == [f"{STACK}: {path}: no app of this name on this stack (did you mean 'shop'?)"]


@pytest.mark.trap(39)
def test_two_apps_of_one_name_are_refused(project: Project) -> None:
    project.write("apps/b.yaml", (project.root / "apps/app.yaml").read_text())
    expected = "apps/b.yaml: name: two apps are named 'shop' (the other is in apps/app.yaml)"
    assert project.messages() == [expected]


def test_two_apps_of_one_name_are_refused_even_where_one_is_invalid(project: Project) -> None:
    project.apps(SHOP, changed(SHOP, "replicas", to=1))
    assert project.messages() == [
        "apps/app.yaml: document 2: name: two apps are named 'shop' (the other is in apps/app.yaml)",
        "apps/app.yaml: document 2: replicas: run at least 2 pods: with one, every drain is an outage",
    ]


def test_two_apps_of_one_host_are_refused(project: Project) -> None:
    project.apps(SHOP, _other("basket", "shop.example.com"))
    expected = "apps/app.yaml: basket: traffic.hosts[0]: 'shop.example.com' belongs to app 'shop' already"
    assert project.messages() == [expected]


def test_two_apps_that_would_own_one_object_are_refused(project: Project) -> None:
    project.apps(SHOP, _other("shop-split"))
    expected = "apps/app.yaml: shop-split: name: app 'shop' has a VirtualService 'shop-split' too: choose another name"
    assert project.messages() == [expected]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("apps/apq.yaml", "no such file 'apps/apq.yaml' (did you mean 'apps/app.yaml'?)"),
        ("app/*.yaml", "no such file 'app/*.yaml' (known: apps/app.yaml)"),
        ("**.yml", "no such file '**.yml' (known: apps/app.yaml)"),
        ("apps", "'apps' is a folder: write 'apps/*.yaml' for the files in it"),
        ("../app.yaml", "'../app.yaml' must be a path below the project's folder, like 'apps/shop.yaml'"),
        ("/app.yaml", "'/app.yaml' must be a path below the project's folder, like 'apps/shop.yaml'"),
        ("", "must not be empty"),
        ("a\0b", "'a\\x00b' must be a path below the project's folder, like 'apps/shop.yaml'"),
    ],
)
def test_what_names_no_file_is_refused(project: Project, name: str, message: str) -> None:
    project.stack({**stack_keys(), "apps": [name]})
    assert project.messages() == [f"{STACK}: coalmine:apps[0]: {message}"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"apps": "apps/app.yaml"}, "coalmine:apps: must be a list, not 'apps/app.yaml'"),
        ({"apps": [5]}, "coalmine:apps[0]: must be text, not 5 (write it in quotes)"),
        ({"overrides": {"shop": 5}}, "coalmine:overrides.shop: must be a mapping of keys to values, not 5"),
        ({"cluster": {"name": "x"}}, "coalmine:cluster.kubernetes: is required"),
        ({"app": []}, "coalmine:app: unknown key (did you mean 'apps'?)"),
    ],
)
def test_a_mistake_in_the_stack_is_refused_at_its_place(project: Project, keys: dict[str, Any], message: str) -> None:
    project.stack({**stack_keys(), **keys})
    assert f"{STACK}: {message}" in project.messages()


@pytest.mark.parametrize("family", ["engine", "router", "metrics"])
@pytest.mark.parametrize("written", ["shorthand", "mapping"])
def test_an_unknown_variant_is_refused_with_what_was_meant(project: Project, family: str, written: str) -> None:
    keys = stack_keys()
    kind = keys["delivery"][family]
    typo = kind[:-2] + kind[-1] + kind[-2]
    project.stack(changed(keys, "delivery", family, to=typo if written == "shorthand" else {"kind": typo}))
    expected = f"coalmine:delivery.{family}: unknown {family} '{typo}' (did you mean '{kind}'?)"
    assert project.messages() == [f"{STACK}: {expected}"]


@pytest.mark.parametrize("raw", [5, None, ["istio"], True])
def test_a_variant_of_another_type_is_refused(project: Project, raw: Any) -> None:
    project.stack(changed(stack_keys(), "delivery", "router", to=raw))
    [message] = project.messages()
    assert message.startswith(f"{STACK}: coalmine:delivery.router: must be a name, or a mapping with a 'kind', not ")


def test_a_stack_without_configuration_is_refused(project: Project) -> None:
    project.write(STACK, "cluster: {}\n")
    assert project.messages() == [f"{STACK}: config: is required: a mapping of configuration keys"]


def test_a_stack_of_two_documents_is_refused(project: Project) -> None:
    project.write(STACK, "config: {}\n---\nconfig: {}\n")
    assert project.messages() == [f"{STACK}: holds 2 documents: a stack is one, without '---'"]


def test_keys_of_other_packages_are_left_alone(project: Project) -> None:
    keys = "".join(f"  coalmine:{key}: {value!r}\n" for key, value in stack_keys().items())
    project.write(STACK, f"encryptionsalt: v1:abc\nconfig:\n  aws:region: eu-central-1\n{keys}")
    assert project.messages() == []


def test_mistakes_of_all_files_come_at_once(project: Project) -> None:
    project.apps(SHOP, changed(_other("basket"), "traffic", to=REMOVED))
    project.write("apps/broken.yaml", "a: [")
    project.write(
        "apps/slow.yaml", (project.root / "apps/app.yaml").read_text().split("---")[0].replace("shop", "slow")
    )
    project.stack(
        changed(stack_keys(), "cluster", "nam", to="x")
        | {"overrides": {"slow": {"delivery": {"analysis": {"interval": "5s"}}}}}
    )
    assert project.messages() == [
        "apps/app.yaml: basket: traffic: is required",
        "apps/broken.yaml: line 2, column 1: not valid YAML: did not find expected node content",
        f"{STACK}: coalmine:cluster.nam: unknown key (did you mean 'name'?)",
        f"{STACK}: coalmine:overrides.slow.delivery.analysis.interval: "
        "must be at least 10s: shorter windows hold too few samples",
    ]


def test_a_file_of_apps_can_be_read_without_a_stack(project: Project) -> None:
    project.apps(SHOP, _other("basket"))
    assert [app.spec.name for app in load_app(project.root / "apps/app.yaml", project.root)] == ["shop", "basket"]
