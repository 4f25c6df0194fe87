"""Values between the engine and the plug-ins: secrets, unknowns, and what neither changes."""

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from localcluster.plugins.wire.values import (
    UNKNOWN,
    Secret,
    UnsupportedValueError,
    from_struct,
    has_secret,
    has_unknown,
    mark_secrets,
    plain,
    to_struct,
)

_SCALARS = st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=8), st.just(UNKNOWN))
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
        inner.map(Secret),
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), _VALUES, max_size=4))
def test_values_survive_the_way_to_the_engine_and_back(fields: dict[str, object]) -> None:
    assert from_struct(to_struct(fields)) == fields


def test_empty_maps_and_lists_stay_and_nulls_go() -> None:
    struct = to_struct({"map": {}, "list": [], "null": None})
    assert from_struct(struct) == {"map": {}, "list": []}


@pytest.mark.parametrize("marker", ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7"])
def test_the_engine_s_markers_of_unknowns_are_recognised(marker: str) -> None:
    struct = struct_pb2.Struct()
    struct["a"] = marker
    assert from_struct(struct) == {"a": UNKNOWN}


def test_assets_are_refused() -> None:
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(UnsupportedValueError, match="assets, archives and resource references"):
        from_struct(to_struct({"a": asset}))


def test_plain_has_searches_and_unwraps_everywhere() -> None:
    value = {"a": [Secret({"b": UNKNOWN})]}
    assert has_secret(value)
    assert has_unknown(value)
    assert plain(value) == {"a": [{"b": UNKNOWN}]}
    assert not has_secret(plain(value))


def test_marks_are_carried_over_and_a_list_with_a_secret_is_secret_as_a_whole() -> None:
    like = {"data": {"a": Secret("x"), "b": "y"}, "env": [{"value": Secret("x")}], "gone": Secret(1)}
    live = {"data": {"a": "1", "b": "2", "c": "3"}, "env": [{"value": "1"}, {"value": "2"}], "status": {}}
    assert mark_secrets(live, like) == {
        "data": {"a": Secret("1"), "b": "2", "c": "3"},
        "env": Secret([{"value": "1"}, {"value": "2"}]),
        "status": {},
    }
