"""The search for secrets finds what is planted, however it is written, and nothing else."""

import base64
import gzip
import json
from pathlib import Path

import pytest

from tests.leaks import contents, files_below, leaks, needles, pieces

PASSWORD = "Kq7vZ2mTtB9xW4hC1nYs8Lr5"
# As long as a key and in its form, but no key.
KEY = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    base64.b64encode(bytes((7 * row + column) % 251 for column in range(48))).decode() for row in range(24)
) + "\n-----END PRIVATE KEY-----\n"  # fmt: skip
WANTED = needles({"password": PASSWORD, "key": KEY})


def encoded(before: str, secret: str, after: str = "...") -> str:
    return base64.b64encode(f"{before}{secret}{after}".encode()).decode()


@pytest.mark.parametrize("name", ["password", "key"])
@pytest.mark.parametrize("before", ["", "1", "12", "123"])
def test_a_secret_is_found_in_every_form(name: str, before: str) -> None:
    secret = {"password": PASSWORD, "key": KEY}[name]
    once = encoded(before, secret)
    url_safe = once.replace("+", "-").replace("/", "_")
    for text in (
        before + secret,
        json.dumps(before + secret),
        once,
        url_safe,
        encoded(before, once),
        encoded("", once),
    ):
        found = leaks(WANTED, {"log": f"noise {text} noise".encode()})
        assert found, f"not found in {text[:60]}"
        assert all(line.startswith(f"log: {name} (") for line in found)


def test_text_without_a_secret_is_clean() -> None:
    others = (PASSWORD[:-1], PASSWORD.lower(), KEY[:600], encoded("", PASSWORD[1:]))
    assert leaks(WANTED, {str(number): text.encode() for number, text in enumerate(others)}) == []


def test_what_every_certificate_shows_of_a_key_is_no_secret() -> None:
    public = KEY.encode()[: len(KEY) // 2].replace(b"\n", b"")
    assert not [piece for piece in pieces(KEY) if piece in public]


def test_compressed_files_are_searched_and_cut_ones_as_far_as_they_go(tmp_path: Path) -> None:
    whole = gzip.compress(f"before {PASSWORD} {'x' * 10_000}".encode())
    (tmp_path / "whole.log").write_bytes(whole)
    (tmp_path / "cut.log").write_bytes(whole[:-12])
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "excluded").write_text(PASSWORD)
    found = leaks(WANTED, contents(files_below(tmp_path, [tmp_path / "inner"])))
    assert [line.split(": ")[0] for line in found] == [str(tmp_path / "cut.log"), str(tmp_path / "whole.log")]


@pytest.mark.parametrize("secrets", [{}, {"pin": "1234"}])
def test_what_would_be_found_by_chance_is_refused(secrets: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="too short"):
        needles(secrets)
