"""The ownership contract, for every combination: what is ignored cannot be changed, and every tool ignores the same."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from components.compile import Compiled, compile_app
from components.contracts import OwnedField
from components.contracts_of.argo_rollouts import Services
from components.manifests.meta import Manifest
from components.plan import Plan
from components.routers import istio
from components.spec.app import AppSpec
from components.spec.errors import SpecError
from components.spec.load import LoadedApp
from components.spec.origin import Origin

from .existing import of_others
from .variants import Combination, both, supported
from .variations import IDENTITY, RENDERED, SINGLE, delivery_variations, keys, variations

BOTH = both()
Rule = Mapping[str, Any]


def _id(value: Any) -> str:
    return value.name if isinstance(value, Plan) else str(value)


def compiled(combination: Combination, app: AppSpec) -> Compiled:
    return compile_app(LoadedApp(app, Origin("apps/app.yaml")), combination.delivery)


def all_objects(made: Compiled) -> list[Manifest]:
    """The app's objects, and what others made that it takes its pods from."""
    return [*made.manifests, *of_others(made.plan)]


def object_of(made: Compiled, field: OwnedField) -> Manifest | None:
    for one in all_objects(made):
        place = (one["kind"], one["metadata"]["namespace"], one["metadata"]["name"])
        if place == (field.kind, field.namespace, field.name):
            return one
    return None


def owned_content(made: Compiled) -> dict[OwnedField, str]:
    """What the program writes at every owned path, byte by byte."""
    found = {}
    for field in made.ownership.fields:
        place: Any = object_of(made, field)
        for part in field.path.split("."):
            place = (place or {}).get(part)
        found[field] = json.dumps(place, sort_keys=True)
    return found


def is_dropped(before: Compiled, after: Compiled) -> bool:
    """Whether the change alters what stands at an ignored path."""
    old, new = owned_content(before), owned_content(after)
    # A field that is owned only now is handed over; one that is owned no more is sent again.
    return any(new[field] not in (content, "null") for field, content in old.items() if field in new)


def dropped_by(combination: Combination) -> list[str]:
    """The keys of an app whose change would be dropped without a word."""
    found = set()
    for variation in variations():
        try:
            before, after = (compiled(combination, app) for app in (variation.before, variation.after))
        except SpecError:
            continue  # refused, by name
        if is_dropped(before, after):
            found.add(str(variation))
    return sorted(found)


def test_every_key_that_users_can_write_is_varied() -> None:
    left = {path for path in keys() if path[:2] not in RENDERED}
    left -= {variation.path for variation in variations()} | IDENTITY | SINGLE
    assert not left, f"not varied: {sorted('.'.join(map(str, path)) for path in left)}"


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_what_stands_at_an_ignored_path_depends_on_nothing_that_users_can_change(combination: Combination) -> None:
    assert dropped_by(combination) == []


@pytest.mark.parametrize("combination", supported(), ids=str)
def test_nor_on_how_the_stack_configures_engine_router_and_metrics(combination: Combination) -> None:
    app = next(plan.app for one, plan in BOTH if str(one) == str(combination))
    before, found = compiled(combination, app), []
    for path, delivery in delivery_variations(combination.delivery):
        try:
            after = compile_app(LoadedApp(app, Origin("apps/app.yaml")), delivery)
        except SpecError:
            continue  # refused, by name
        found += [path] if is_dropped(before, after) else []
    assert found == []


def test_a_port_in_the_engines_route_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: with the port of the Services in it, a change of traffic.port would be dropped."""
    delegate = istio._delegate

    def with_port(plan: Plan, name: str, services: Services) -> Manifest:
        made = delegate(plan, name, services)
        for to in made["spec"]["http"][0]["route"]:
            to["destination"]["port"] = {"number": plan.traffic.port}
        return made

    monkeypatch.setattr(istio, "_delegate", with_port)
    [combination] = [one for one in supported() if str(one).startswith("argo-rollouts-istio-prometheus")]
    assert dropped_by(combination) == ["traffic.port"]


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_a_destination_without_a_port_leads_to_a_service_with_one(combination: Combination, plan: Plan) -> None:
    """Istio takes the port from the Service, where that has just one."""
    made = compiled(combination, plan.app)
    own = [one for one in made.manifests if (one["apiVersion"], one["kind"]) == ("v1", "Service")]
    services = {one["metadata"]["name"]: one["spec"]["ports"] for one in own}
    for one in made.manifests:
        for route in one["spec"].get("http", []) if one["kind"] == "VirtualService" else []:
            for to in route.get("route", []):
                assert "port" in to["destination"] or len(services[to["destination"]["host"]]) == 1


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_an_owned_field_names_the_group_and_the_namespace_of_its_object(combination: Combination, plan: Plan) -> None:
    made = compiled(combination, plan.app)
    for field in made.ownership.fields:
        one = object_of(made, field)
        assert one is not None, f"no object for {field}"
        assert one["apiVersion"].rpartition("/")[0] == field.group


def hit_by(made: Compiled, matches: Any, pointers: str, rules: list[Rule]) -> set[OwnedField]:
    """The owned fields that rules name, each rule hitting one object."""
    found = set()
    for rule in rules:
        [one] = [item for item in all_objects(made) if matches(rule, item)]
        group = one["apiVersion"].rpartition("/")[0]
        place = (group, one["kind"], one["metadata"]["namespace"], one["metadata"]["name"])
        found |= {OwnedField(*place, pointer.removeprefix("/").replace("/", ".")) for pointer in rule[pointers]}
    return found


def matches_argo_cd(rule: Rule, item: Manifest) -> bool:
    metadata = item["metadata"]
    place = (item["apiVersion"].rpartition("/")[0], item["kind"], metadata["namespace"], metadata["name"])
    return place == (rule.get("group", ""), rule["kind"], rule["namespace"], rule["name"])


def matches_flux(rule: Rule, item: Manifest) -> bool:
    metadata, target = item["metadata"], rule["target"]
    place = {"group": item["apiVersion"].rpartition("/")[0], "kind": item["kind"]}
    place |= {"namespace": metadata["namespace"], "name": metadata["name"]}
    return all(re.search(target[key], value) for key, value in place.items())


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
@pytest.mark.trap(21)
def test_every_tool_is_told_of_the_same_fields_by_path(combination: Combination, plan: Plan) -> None:
    made = compiled(combination, plan.app)
    owned = set(made.ownership.fields)
    by_pulumi = {(*key, path) for key, paths in made.ownership.pulumi.items() for path in paths}
    assert by_pulumi == {(field.kind, field.name, field.path) for field in owned}
    argo_cd = made.ownership.argo_cd
    if not owned:
        # Pods behind one Service, of a fixed number: the controller writes to nothing of ours.
        assert argo_cd == made.ownership.flux_kustomization == made.ownership.flux_helm_release == {}
        return
    assert hit_by(made, matches_argo_cd, "jsonPointers", argo_cd["ignoreDifferences"]) == owned
    assert not [rule for rule in argo_cd["ignoreDifferences"] if "managedFieldsManagers" in rule]
    assert argo_cd["syncPolicy"] == {"syncOptions": ["RespectIgnoreDifferences=true"]}
    assert hit_by(made, matches_flux, "paths", made.ownership.flux_kustomization["ignore"]) == owned
    assert hit_by(made, matches_flux, "paths", made.ownership.flux_helm_release["driftDetection"]["ignore"]) == owned
