"""Values that are parsed once: what is understood, and what is said where a value is not."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components.spec import names, values
from components.spec.labels import LabelName, LabelValue
from components.spec.values import Duration, Image, ParsedText, Percent, Quantity

DIGEST = "sha256:" + "0123456789abcdef" * 4


def refusal(kind: Any, raw: object) -> str:
    """The message with which a value is refused."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(raw)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("0s", 0), ("250ms", 250), ("30s", 30_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, milliseconds: int) -> None:
    assert Duration.parse(text).milliseconds == milliseconds


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("5 minutes", "'5 minutes' is not a duration (did you mean '5m'?)"),
        ("2 hrs", "'2 hrs' is not a duration (did you mean '2h'?)"),
        ("10seconds", "'10seconds' is not a duration (did you mean '10s'?)"),
        (30, "30 has no unit (did you mean '30s'?)"),
        ("soon", "'soon' is not a duration: write a number and a unit, like '30s', '5m' or '1h30m'"),
        (True, "True is not a duration: write a number and a unit, like '30s', '5m' or '1h30m'"),
        ("-5s", "'-5s' is not a duration: write a number and a unit, like '30s', '5m' or '1h30m'"),
        ("٣s", "'٣s' is not a duration: write a number and a unit, like '30s', '5m' or '1h30m'"),
        ("400d", "'400d' is longer than a year"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_nearest_one(raw: object, message: str) -> None:
    assert refusal(Duration, raw) == message


@given(st.integers(min_value=0, max_value=values.LONGEST_DURATION_MS))
def test_a_duration_reads_what_it_writes(milliseconds: int) -> None:
    assert Duration.parse(str(Duration(milliseconds))) == Duration(milliseconds)


def test_a_duration_rounds_up_to_whole_seconds() -> None:
    assert [Duration(ms).whole_seconds for ms in (0, 1, 999, 1_000, 1_001)] == [0, 1, 1, 1, 2]


def test_durations_are_ordered_by_their_length() -> None:
    assert sorted([Duration.parse("1h"), Duration.parse("90s"), Duration.parse("1m")]) == [
        Duration(60_000),
        Duration(90_000),
        Duration(3_600_000),
    ]


def test_a_duration_that_must_last_is_not_zero() -> None:
    assert refusal(values.PositiveDuration, "0s") == "must be longer than 0s"


@pytest.mark.parametrize(
    ("text", "fraction"), [("1%", "0.01"), ("0.5%", "0.005"), ("100%", "1"), ("0%", "0"), ("1 %", "0.01")]
)
def test_a_percentage_is_a_number_and_a_sign(text: str, fraction: str) -> None:
    assert Percent.parse(text).fraction == Decimal(fraction)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (0.01, "0.01 is ambiguous: write it with a sign (did you mean '0.01%' or '1.00%'?)"),
        (5, "5 is ambiguous: write it with a sign (did you mean '5%' or '500%'?)"),
        ("101%", "'101%' is more than 100%"),
        ("-1%", "'-1%' is not a percentage: write a number and a sign, like '1%' or '0.5%'"),
        (True, "True is not a percentage: write a number and a sign, like '1%' or '0.5%'"),
    ],
)
def test_what_is_no_percentage_is_refused(raw: object, message: str) -> None:
    assert refusal(Percent, raw) == message


@pytest.mark.parametrize("text", ["1%", "0.5%", "10%", "100%", "0.001%"])
def test_a_percentage_writes_what_it_read(text: str) -> None:
    assert str(Percent.parse(text)) == text


@pytest.mark.parametrize(("raw", "text"), [("250m", "250m"), ("512Mi", "512Mi"), (2, "2"), (0.5, "0.5")])
def test_a_quantity_is_a_number_with_or_without_a_unit(raw: object, text: str) -> None:
    assert str(Quantity.parse(raw)) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *[(text, text) for text in ("250m", "2", "0", "512Mi", "1536Ki", "1G", "1500m")],
        *[("1000m", "1"), ("0.5", "500m"), ("2000", "2k"), ("1000000", "1M"), ("0.0005", "500u")],
        *[("1024Mi", "1Gi"), ("1.5Gi", "1536Mi"), ("0.5Ki", "512"), ("0Gi", "0"), ("0.0000001m", "1n")],
    ],
)
def test_a_quantity_is_known_as_kubernetes_writes_it(text: str, canonical: str) -> None:
    """Compared with what k8s.io/apimachinery v0.32 makes of them."""
    assert Quantity.parse(text).canonical == canonical


@pytest.mark.parametrize("raw", ["512 MB", "512MB", "-1", True, None, "", [1]])
def test_what_is_no_quantity_is_refused(raw: object) -> None:
    assert refusal(Quantity, raw).endswith("write a number with a unit, like '250m' (CPU) or '512Mi' (memory)")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("shop:1.4.0", "1.4.0"),
        ("registry.example.com/team/shop:v2", "v2"),
        ("localhost:5000/shop:1", "1"),
        (f"shop@{DIGEST}", "0123456789ab"),
        (f"shop:1.4.0@{DIGEST}", "1.4.0"),
        (f"shop:latest@{DIGEST}", "latest"),
    ],
)
def test_an_image_names_its_version(text: str, version: str) -> None:
    assert (str(Image.parse(text)), Image.parse(text).version) == (text, version)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("shop", "'shop' names no version: add a tag or a digest, like 'shop:1.4.0'"),
        ("shop:latest", "'shop:latest' can change under you: name a version, like 'shop:1.4.0'"),
        ("localhost:5000/shop", "'localhost:5000/shop' names no version"),
        ("Shop:1", "'Shop:1' is not an image reference"),
        ("shop:", "'shop:' is not an image reference"),
        (None, "None is not an image reference"),
    ],
)
def test_an_image_that_can_change_is_refused(raw: object, message: str) -> None:
    assert refusal(Image, raw).startswith(message)


@pytest.mark.parametrize(
    ("kind", "valid", "invalid"),
    [
        (names.AppName, ["shop", "shop-2", "a" * 48], ["Shop", "2shop", "-shop", "shop-", "a" * 49, "", 5, None]),
        (names.DnsLabel, ["shop", "2shop", "a" * 63], ["shop.web", "a" * 64, "sh op", "shop\n"]),
        (names.Hostname, ["shop.example.com", "*.example.com"], ["shop", "http://shop.example.com", "shop..com"]),
        (names.ObjectName, ["shop.example", "shop"], ["shop_", ".shop"]),
        (names.EnvName, ["LOG_LEVEL", "_x", "a.b"], ["1X", "A B", "A=B"]),
        (names.AbsolutePath, ["/", "/data/x"], ["data", "./x", "/a b"]),
        (names.ApiVersion, ["1.36", "1.36.3"], ["v1.36", "1", 1.36, "2.0", "1.36+"]),
        (names.Url, ["http://p:9090", "https://m.example.com/prometheus"], ["p:9090", "ftp://p", "http://"]),
        (LabelName, ["tier", "example.com/tier"], ["example.com/", "a/b/c", "-x", "x" * 64]),
        (LabelValue, ["", "backend", "1.0_x"], ["a b", "-x", "x" * 64]),
    ],
)
def test_names_follow_the_rules_of_kubernetes(kind: Any, valid: list[object], invalid: list[object]) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    assert [adapter.validate_python(name) for name in valid] == valid
    assert [name for name in invalid if not refusal(kind, name)] == []


@pytest.mark.parametrize("kind", [Duration, Percent, Quantity, Image])
def test_the_examples_in_the_schema_are_valid_and_match_its_pattern(kind: type[ParsedText]) -> None:
    parsed = [str(kind.parse(text)) for text in kind.examples]
    assert parsed == list(kind.examples)


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(refusal(Duration, "x" * 100_000)) < 200
