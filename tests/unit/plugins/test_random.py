"""The random provider: what it generates and what it refuses (§11)."""

import base64
import string

import pytest

from localcluster.plugins.random_provider import bcrypt, identifier, password, pet, text
from localcluster.plugins.random_provider.kind import Kind, failures, with_defaults
from localcluster.plugins.random_provider.provider import KINDS
from localcluster.plugins.wire.values import Object


def _generated(kind: Kind, **arguments: object) -> tuple[str, Object]:
    assert failures(kind, dict(arguments)) == []
    made = kind.generate(with_defaults(kind, dict(arguments)))
    return made.identifier, made.outputs


def test_s11_supported_tokens() -> None:
    assert sorted(KINDS) == [
        "random:index/randomId:RandomId",
        "random:index/randomPassword:RandomPassword",
        "random:index/randomPet:RandomPet",
        "random:index/randomString:RandomString",
    ]


@pytest.mark.conformance("random-password")
def test_s11_a_password_has_its_length_a_silent_id_and_a_bcrypt_hash() -> None:
    name, outputs = _generated(password.KIND, length=24)
    assert name == "none"
    assert len(outputs["result"]) == 24
    assert outputs["bcryptHash"].startswith("$2a$10$")
    assert len(outputs["bcryptHash"]) == 60
    assert password.KIND.secret == {"bcryptHash", "result"}


@pytest.mark.conformance("random-password")
def test_s11_the_hash_is_of_the_password() -> None:
    made = bcrypt.bcrypt_hash("opensesame")
    assert bcrypt.crypt("opensesame", made.encode()) == made
    assert bcrypt.crypt("another", made.encode()) != made
    assert bcrypt.bcrypt_hash("opensesame") != made, "two hashes have one salt"


@pytest.mark.conformance("random-string")
def test_s11_a_string_is_its_own_id_and_not_secret() -> None:
    name, outputs = _generated(text.KIND, length=8, special=False, upper=False)
    assert name == outputs["result"]
    assert set(name) <= set(string.ascii_lowercase + string.digits)
    assert text.KIND.secret == frozenset()


def test_s11_minimums_and_own_special_characters_are_kept() -> None:
    for _ in range(50):
        arguments = {"length": 8, "minUpper": 2, "minNumeric": 2, "minSpecial": 2, "overrideSpecial": "-_"}
        result = _generated(text.KIND, **arguments)[1]["result"]
        assert sum(character.isupper() for character in result) >= 2
        assert sum(character.isdigit() for character in result) >= 2
        assert sum(character in "-_" for character in result) >= 2
        assert all(character.isalnum() or character in "-_" for character in result)


@pytest.mark.conformance("random-id")
def test_s11_an_id_is_base64url_and_its_notations_agree() -> None:
    name, outputs = _generated(identifier.KIND, byteLength=4, prefix="p-")
    value = base64.urlsafe_b64decode(name + "==")
    assert len(value) == 4
    assert outputs["hex"] == "p-" + value.hex()
    assert outputs["dec"] == "p-" + str(int.from_bytes(value, "big"))
    assert outputs["b64Url"] == "p-" + name


@pytest.mark.conformance("random-pet")
def test_s11_a_pet_has_prefix_and_words() -> None:
    assert _generated(pet.KIND, prefix="x")[0].split("-")[0] == "x"
    assert len(_generated(pet.KIND, length=3)[0].split("-")) == 3
    assert len(_generated(pet.KIND, length=1, separator=".")[0].split(".")) == 1


@pytest.mark.parametrize(
    ("kind", "arguments", "expected"),
    [
        (text.KIND, {}, [("length", "is required")]),
        (text.KIND, {"length": "8"}, [("length", "must be int, not str")]),
        (text.KIND, {"length": True}, [("length", "must be int, not bool")]),
        (text.KIND, {"length": 0}, [("length", "must be at least 1, not 0")]),
        (text.KIND, {"length": 1, "lenght": 1}, [("lenght", "is not an argument of this resource")]),
        (text.KIND, {"length": 1, "minLower": 2}, [("length", "must be at least 2, the sum of the minimums, not 1")]),
        (
            text.KIND,
            {"length": 1, "lower": False, "upper": False, "numeric": False, "special": False},
            [("special", "at least one of lower, upper, numeric and special must be true")],
        ),
        (identifier.KIND, {"byteLength": 0, "prefix": 1}, [
            ("byteLength", "must be at least 1, not 0"), ("prefix", "must be str, not int"),
        ]),
    ],
)  # fmt: skip
def test_bad_arguments_are_named_all_at_once(kind: Kind, arguments: Object, expected: list[tuple[str, str]]) -> None:
    assert failures(kind, arguments) == expected
