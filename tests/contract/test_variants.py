"""What holds for every variant of every family, whatever it is; a new file is tested by being there."""

import json
from typing import Any

import pytest

from components.contracts import Router
from components.discovery import FAMILIES
from components.features import ROUTED
from components.spec.base import json_schema
from components.spec.cluster import StackSpec
from components.spec.registry import VariantModel, kind_of, variants

from .variants import CHOICES, MODELS, Combination, combinations, example_of, model_id, supported

Pair = tuple[str, type[VariantModel]]


def _stack(pair: Pair, value: Any) -> StackSpec:
    chosen: dict[str, Any] = {family: kind_of(next(iter(variants(family).values()))) for family in CHOICES}
    stack = {"cluster": {"name": "test", "kubernetes": "1.36"}, "delivery": chosen}
    if pair[0] == "gitops":
        return StackSpec.model_validate({**stack, "gitops": value})
    given = {"channels": {"it": value}} if pair[0] == "notify" else {pair[0]: value}
    return StackSpec.model_validate({**stack, "delivery": {**chosen, **given}})


def _model(pair: Pair, value: Any) -> VariantModel:
    stack = _stack(pair, value)
    elsewhere = {"notify": stack.delivery.channels.get("it"), "gitops": stack.gitops}
    made = elsewhere[pair[0]] if pair[0] in elsewhere else getattr(stack.delivery, pair[0])
    assert isinstance(made, VariantModel)
    return made


def holds(whole: Any, part: Any) -> bool:
    """Whether data has all that a part of it says; defaults stand beside."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and holds(whole[key], part[key]) for key in part)
    return bool(whole == part)


@pytest.mark.parametrize("pair", MODELS, ids=model_id)
def test_its_example_is_valid_and_comes_back_the_same(pair: Pair) -> None:
    written = example_of(pair[1])
    model = _model(pair, written)
    assert type(model) is pair[1]
    again = _model(pair, model.model_dump(mode="json"))
    assert again == model
    assert holds(model.model_dump(mode="json"), written)


@pytest.mark.parametrize("pair", MODELS, ids=model_id)
def test_its_name_alone_is_enough_or_says_what_is_missing(pair: Pair) -> None:
    required = [name for name, field in pair[1].model_fields.items() if field.is_required()]
    if required:
        with pytest.raises(ValueError, match=required[0]):
            _stack(pair, kind_of(pair[1]))
    else:
        assert type(_model(pair, kind_of(pair[1]))) is pair[1]


@pytest.mark.parametrize("pair", MODELS, ids=model_id)
def test_its_fields_are_in_the_schema_with_what_they_mean(pair: Pair) -> None:
    schema = json_schema(StackSpec)
    definition = schema["$defs"][pair[1].__name__]
    assert definition["properties"].keys() == pair[1].model_fields.keys()
    assert definition["description"]
    missing = [
        name for name, field in definition["properties"].items() if name != "kind" and "description" not in field
    ]
    assert not missing, f"fields without a docstring: {missing}"


@pytest.mark.parametrize("pair", MODELS, ids=model_id)
def test_it_can_be_named_in_a_message(pair: Pair) -> None:
    assert kind_of(pair[1]) == kind_of(pair[1]).lower()
    assert pair[1].__doc__
    assert json.dumps(example_of(pair[1]))


@pytest.mark.parametrize("router", [one for one in variants("router").values() if issubclass(one, Router)])
def test_a_routers_capabilities_name_known_engines_and_features(router: type[Router]) -> None:
    assert set(router.capabilities) <= set(variants("engine"))
    assert router.capabilities, "a router that works with no engine cannot be used"
    for engine, cells in router.capabilities.items():
        answered = set(variants("engine")[engine].capabilities)
        wanted = ROUTED - answered
        assert set(cells) == wanted, f"{kind_of(router)} with {engine} says nothing of {wanted - set(cells)}"


def test_every_engine_router_and_provider_can_be_used_in_some_combination() -> None:
    used = {kind for one in supported() for kind in (one.engine.kind, one.router.kind, one.metrics.kind)}
    assert used == {kind_of(model) for family, model in MODELS if family in CHOICES}


@pytest.mark.parametrize("combination", list(combinations()), ids=str)
def test_a_combination_is_one_of_each_contract(combination: Combination) -> None:
    chosen = (combination.engine, combination.router, combination.metrics)
    for part, family in zip(chosen, CHOICES, strict=True):
        assert isinstance(part, FAMILIES[family][1])
