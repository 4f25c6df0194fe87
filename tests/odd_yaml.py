"""Projects in which one file has something odd in it: what a hand, an editor or a merge leaves behind, and worse."""

import random
from collections.abc import Callable, Sequence
from functools import cache

import yaml

from tests.specs import EXAMPLES, SCENARIOS, stack_keys

ODD: Sequence[str] = (
    *("", "~", "null", "yes", "no", "on", "0", "-1", "1.5", "1e400", ".nan", ".inf", "-.inf", "0x1F", "0o17", "1_000"),
    *(
        "9" * 30,
        "-" + "9" * 5000,
        "1:30:00",
        "2026-01-01",
        "2026-13-45",
        "2026-01-01T00:00:00Z",
        "5m",
        "1%",
        "100.0001%",
    ),
    *("[]", "{}", "[[]]", "{a: 1}", "[1, {b: [~]}]", "{? [a, b] : c}", "{1: 2}", "{~: x}", "{true: x}", "{.nan: 1}"),
    *(
        "''",
        '""',
        '"\\0"',
        '"\\ud800"',
        '"\\U0001F600"',
        '"\\e[31m"',
        '"a\\nb"',
        "\u202e",
        "ß",
        "\ufeff",
        "é" * 300,
        "x" * 70000,
    ),
    *(
        "!!binary aGk=",
        "!!set {a, b}",
        "!!omap [a: 1]",
        "!!python/object:os.system x",
        "!!str 1",
        "!!int x",
        "!!float x",
    ),
    *(
        "!!null x",
        "!!bool maybe",
        "!x y",
        "&a [*a]",
        "*nowhere",
        "&b {<<: *b}",
        "<<",
        "=",
        "? x",
        "- - - -",
        "|\n  x",
        ">-\n  x",
    ),
    *("%", "@", "`", "'", '"', "{", "[", "#", ": :", "\t", "---", "...", "%YAML 9.9", "%TAG ! tag:x,2026:"),
    *(
        "http://",
        "https://[::1",
        "../../etc/passwd",
        "/dev/zero",
        "*",
        "**/*",
        "a" * 254,
        "${HOME}",
        "{{args.revision}}",
        '"} or 1{"',
    ),
    *("[" * 2000, "{a: " * 500, "- " * 3000, "a: &x [1,2]\nb: [*x,*x,*x]"),
)
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
"""Aliases that would unfold to 2^40 values."""


def project(chance: random.Random) -> dict[str, bytes]:
    """A project of valid files, one of which is bent, mostly."""
    files = {"Pulumi.yaml": b"name: coalmine\nruntime: python\n"}
    app = chance.choice(_apps())
    stack = _stack(app, chance)
    if chance.random() < 0.1:
        return {**files, "apps/app.yaml": app.encode(), "stacks/Pulumi.test.yaml": stack.encode()}
    bends_app = chance.random() < 0.75
    files["apps/app.yaml"] = _bent(app, chance) if bends_app else app.encode()
    files["stacks/Pulumi.test.yaml"] = stack.encode() if bends_app else _bent(stack, chance)
    return files


@cache
def _apps() -> list[str]:
    files = [path for name in SCENARIOS for path in sorted((EXAMPLES / name / "apps").rglob("*.yaml"))]
    return [path.read_text(encoding="utf-8") for path in files]


def _stack(app: str, chance: random.Random) -> str:
    keys = {**stack_keys(), "platform": {"prometheus": {"storage": "5Gi"}}}
    if "\nname: shop\n" in f"\n{app}":
        keys["overrides"] = {"shop": {"replicas": 3}}
    keys["delivery"] = {**keys["delivery"], "engine": chance.choice(["argo-rollouts", "flagger"])}
    return str(yaml.safe_dump({"config": {f"coalmine:{key}": value for key, value in keys.items()}}, sort_keys=False))


def _bent(text: str, chance: random.Random) -> bytes:
    """A text with something wrong in it, mostly; with little, so that what lies behind the reading is reached too."""
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        text = chance.choice(_BENDS)(text, chance)
    content = text.encode("utf-8", "surrogatepass")
    return _spoilt(content, chance) if chance.random() < 0.05 else content


def _spoilt(content: bytes, chance: random.Random) -> bytes:
    """Bytes that are no text any more."""
    at = chance.randint(0, len(content))
    return content[:at] + chance.randbytes(chance.randint(1, 8)) + content[at:]


def _other_value(text: str, chance: random.Random) -> str:
    return _at_line(text, chance, lambda line: f"{line.partition(':')[0]}: {chance.choice(ODD)}")


def _other_key(text: str, chance: random.Random) -> str:
    def change(line: str) -> str:
        before = line[: len(line) - len(line.lstrip())]
        return f"{before}{chance.choice(ODD)}:{line.partition(':')[2]}"

    return _at_line(text, chance, change)


def _anchored(text: str, chance: random.Random) -> str:
    """A value that is used again elsewhere, by name or merged."""
    named = _at_line(text, chance, lambda line: line.replace(": ", ": &n ", 1))
    return _at_line(
        named, chance, lambda line: f"{line.partition(':')[0]}: " + chance.choice(["*n", "{<<: *n}", "[*n, *n]"])
    )


def _twice(text: str, chance: random.Random) -> str:
    return _at_line(text, chance, lambda line: f"{line}\n{line}")


def _without(text: str, chance: random.Random) -> str:
    return _at_line(text, chance, lambda _: "")


def _moved(text: str, chance: random.Random) -> str:
    return _at_line(text, chance, lambda line: chance.choice([" ", "  ", "\t", "- ", "? "]) + line)


def _swapped(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    one, other = (chance.randrange(len(lines)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


def _inserted(text: str, chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(ODD) + text[at:]


def _whole(_text: str, chance: random.Random) -> str:
    return chance.choice([*ODD, LAUGHS, "\n" * 1000, "a: " * 400, "---\n" * 300, "- a\n" * 5000])


def _added(text: str, chance: random.Random) -> str:
    return text + chance.choice(["\n---\n", "\n", "\r\n", "\n...\n", "\n---\n" + text, "\nx: 1\n", "\n" + LAUGHS])


def _at_line(text: str, chance: random.Random, change: Callable[[str], str]) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    lines[at] = change(lines[at])
    return "\n".join(lines)


# What leads deep into the models is tried most.
_BENDS = (
    *[_other_value] * 6,
    _other_key,
    _anchored,
    _twice,
    _without,
    _moved,
    _swapped,
    _cut,
    _inserted,
    _whole,
    _added,
)
