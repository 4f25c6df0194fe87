"""The random provider as the engine calls it: previews and replacements (§11)."""

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localcluster.plugins.random_provider.provider import KINDS, RandomProvider
from localcluster.plugins.wire.values import UNKNOWN, Secret, from_struct, to_struct

from .service import called

_PROVIDER = RandomProvider()
_ARGUMENTS = {"RandomId": {"byteLength": 4}, "RandomPet": {}}


def _created(token: str, preview: bool) -> dict[str, Any]:
    arguments = to_struct(_ARGUMENTS.get(token.rpartition(":")[2], {"length": 8}))
    request = provider_pb2.CreateRequest(urn=f"urn:pulumi:dev::p::{token}::r", properties=arguments, preview=preview)
    answer = called(_PROVIDER.Create, request)
    assert bool(answer.id) != preview
    return from_struct(answer.properties)


@pytest.mark.conformance("random-unknown")
@pytest.mark.parametrize("token", KINDS)
def test_what_is_generated_is_unknown_in_a_preview(token: str) -> None:
    previewed = _created(token, preview=True)
    generated = {"id", *KINDS[token].computed}
    assert {name for name, value in previewed.items() if value is UNKNOWN} == generated
    assert all(value is not UNKNOWN for value in _created(token, preview=False).values())


@pytest.mark.conformance("random-password", "random-string")
@pytest.mark.parametrize(("kind", "secret"), [("Password", {"result", "bcryptHash"}), ("String", set())])
def test_a_password_is_secret_and_a_string_is_not(kind: str, secret: set[str]) -> None:
    created = _created(f"random:index/random{kind}:Random{kind}", preview=False)
    assert {name for name, value in created.items() if isinstance(value, Secret)} == secret


@pytest.mark.conformance("random-replace")
@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ({"length": 8}, {"length": 9}, ["length"]),
        ({"length": 8, "keepers": {"a": "1"}}, {"length": 8, "keepers": {"a": "2"}}, ["keepers"]),
        ({"length": 8, "keepers": {"a": "1"}}, {"length": 8, "special": False}, ["keepers", "special"]),
        ({"length": 8}, {"length": 8}, []),
    ],
)
def test_any_changed_argument_replaces_and_is_named_alone(
    old: dict[str, Any], new: dict[str, Any], changed: list[str]
) -> None:
    urn = "urn:pulumi:dev::p::random:index/randomPassword:RandomPassword::r"
    request = provider_pb2.DiffRequest(urn=urn, id="none", old_inputs=to_struct(old), news=to_struct(new))
    answer = called(_PROVIDER.Diff, request)
    assert (list(answer.replaces), sorted(answer.detailedDiff)) == (changed, changed)
    assert not answer.deleteBeforeReplace
