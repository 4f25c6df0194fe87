"""Looks for secrets byte by byte in what a run leaves behind: as they are, in base64, and in base64 of base64.

Base64 writes three bytes as four characters, so that a text looks different at each of three places; it is looked for
at all of them, in both alphabets.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_GZIP = b"\x1f\x8b"
_SHORTEST = 12
"""Characters of a needle: anything shorter is found by chance."""
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True)
class Needle:
    """What to look for: the secret's name, how it is written, and the bytes."""

    secret: str
    form: str
    data: bytes

    def __repr__(self) -> str:
        return f"{self.secret} ({self.form})"


def needles(secrets: Mapping[str, str]) -> tuple[Needle, ...]:
    """Every form of every secret, by name."""
    found = {
        needle.data: needle
        for name, secret in secrets.items()
        for piece in pieces(secret)
        for needle in _forms(name, piece)
    }
    short = [needle for needle in found.values() if len(needle.data) < _SHORTEST]
    if short or not found:
        raise ValueError(f"too short to be told from chance: {short}")
    return tuple(found.values())


def pieces(secret: str) -> list[bytes]:
    """What a secret is recognised by: itself, or of a key three parts of its private half.

    The first half of an RSA key is its modulus, which every certificate shows.
    """
    lines = [line.encode() for line in secret.split() if line]
    if len(lines) == 1 and len(lines[0]) <= 512:
        return lines
    text = b"".join(line for line in secret.encode().splitlines() if not line.startswith(b"-----"))
    ends = (len(text) * 6 // 10, len(text) * 7 // 10, len(text) * 9 // 10)
    # Lines of PEM have 64 characters: a piece that fits into one may not cross its end.
    return [text[at - at % 64 : at - at % 64 + 64] for at in ends]


def leaks(wanted: Iterable[Needle], texts: Mapping[str, bytes]) -> list[str]:
    """Where which secret stands: `name: secret (form)`."""
    known = tuple(wanted)
    return [f"{name}: {one!r}" for name, text in texts.items() for one in known if one.data in text]


def files_below(folder: Path, without: Iterable[Path] = ()) -> Iterator[Path]:
    """Every file below a folder but for the given ones and what is below them."""
    excluded = set(without)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and excluded.isdisjoint((path, *path.parents)):
            yield path


def contents(files: Iterable[Path]) -> dict[str, bytes]:
    """Files by name; what is compressed is opened as far as it goes."""
    return {str(path): _opened(path.read_bytes()) for path in files}


def _opened(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    return data + zlib.decompressobj(wbits=31).decompress(data)


def _forms(name: str, piece: bytes) -> Iterator[Needle]:
    yield Needle(name, "as it is", piece)
    for place, once in enumerate(_in_base64(piece)):
        yield Needle(name, f"base64 at {place}", once)
        if once.translate(_URL_SAFE) != once:
            yield Needle(name, f"base64 for URLs at {place}", once.translate(_URL_SAFE))
        for inner, twice in enumerate(_in_base64(once)):
            yield Needle(name, f"base64 at {inner} of base64 at {place}", twice)


def _in_base64(data: bytes) -> Iterator[bytes]:
    """The characters that stand for the bytes and nothing else, with 0, 1 and 2 bytes before them."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data + bytes(2))
        yield encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
