"""What holds for the objects of every combination: whole, owned, deterministic."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.compile import compile_app
from components.contracts import OwnedField
from components.plan import Plan
from components.render import to_yaml
from components.spec.load import LoadedApp
from components.spec.origin import Origin
from components.spec.values import Image

from .existing import of_others
from .variants import Combination, both

BOTH = both()


def _id(value: Any) -> str:
    return value.name if isinstance(value, Plan) else str(value)


def manifests_of(combination: Combination, plan: Plan) -> list[dict[str, Any]]:
    return list(compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery).manifests)


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_every_object_says_what_it_is_and_whose(combination: Combination, plan: Plan) -> None:
    for one in manifests_of(combination, plan):
        assert one["apiVersion"]
        assert one["kind"]
        metadata = one["metadata"]
        assert metadata["namespace"] == plan.namespace
        expected = {"app.kubernetes.io/name": plan.name, "coalmine.dev/owner": plan.app.owner}
        assert expected.items() <= metadata["labels"].items(), f"{one['kind']} {metadata['name']}"
        assert len(metadata["name"]) <= 63


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_every_image_is_of_one_version(combination: Combination, plan: Plan) -> None:
    parts = [part for one in manifests_of(combination, plan) for part in _parts(one)]
    images = [part["image"] for part in parts if isinstance(part, dict) and "image" in part]
    assert images or plan.existing
    assert [str(Image.parse(image)) for image in images] == images


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_no_two_objects_have_one_name(combination: Combination, plan: Plan) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests_of(combination, plan)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_objects_are_plain_data_and_the_same_every_time(combination: Combination, plan: Plan) -> None:
    first, second = (manifests_of(combination, plan) for _ in range(2))
    assert [to_yaml(one) for one in first] == [to_yaml(one) for one in second]
    assert json.loads(json.dumps(first)) == first


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_objects_do_not_share_parts(combination: Combination, plan: Plan) -> None:
    """A caller that labels one object must not change another one."""
    seen: set[int] = {id(part) for part in _parts(plan.template)}
    made = manifests_of(combination, plan)
    for one in made:
        own = {id(part) for part in _parts(one)}
        assert not own & seen, f"{one['kind']} {one['metadata']['name']} shares a part with what came before"
        seen |= own


def _parts(data: Any) -> Iterator[Any]:
    if isinstance(data, dict | list):
        yield data
        for value in data.values() if isinstance(data, dict) else data:
            yield from _parts(value)


def _owned(combination: Combination, plan: Plan) -> list[OwnedField]:
    return list(compile_app(LoadedApp(plan.app, Origin("apps/app.yaml")), combination.delivery).ownership.fields)


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_what_controllers_own_is_a_whole_field_of_an_object_that_is_made(combination: Combination, plan: Plan) -> None:
    made = [*manifests_of(combination, plan), *of_others(plan)]
    objects = {(one["kind"], one["metadata"]["name"]): one for one in made}
    for owned in _owned(combination, plan):
        assert (owned.kind, owned.name) in objects
        place: Any = objects[owned.kind, owned.name]
        for part in owned.path.split("."):
            assert isinstance(place, dict), f"{owned.path} leads into a list: other managers own it whole"
            # The engine may own a field that is left out on purpose, at the end of the path only.
            place = place.get(part)
    assert len(set(_owned(combination, plan))) == len(_owned(combination, plan))


@pytest.mark.parametrize(("combination", "plan"), BOTH, ids=_id)
def test_a_field_that_is_left_out_on_purpose_is_owned_by_a_controller_that_is_made(
    combination: Combination, plan: Plan
) -> None:
    """`spec.replicas` may be missing only where an autoscaler sets it; what Knative runs it sends traffic to itself."""
    objects = {(one["kind"], one["metadata"]["name"]): one for one in manifests_of(combination, plan)}
    others = {(one["kind"], one["metadata"]["name"]) for one in of_others(plan)}
    for owned in _owned(combination, plan):
        if (owned.group, owned.path) == ("serving.knative.dev", "spec.traffic") or (owned.kind, owned.name) in others:
            continue
        if owned.path.split(".")[1] not in objects[owned.kind, owned.name]["spec"]:
            targets = [
                one["spec"]["scaleTargetRef"]["name"] for (kind, _), one in objects.items() if "Autoscaler" in kind
            ]
            assert (owned.path, targets) == ("spec.replicas", [owned.name])
