"""Configuration that belongs to a version: ConfigMaps made for the app, and Secrets whose version is given."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from ..record import record
from .base import Finding
from .errors import nearest
from .names import NameRule

ConfigKeyName = Annotated[
    str,
    NameRule(r"(?!\.\.)(?!\.$)[-._a-zA-Z0-9]+", 253, "a key of a ConfigMap: use letters, digits, '-', '_' and '.'"),
]
ConfigData = Annotated[dict[ConfigKeyName, str], Field(min_length=1)]
"""A file's name, or a variable's, and its text."""
SecretVersion = Annotated[
    str,
    NameRule(
        r"[a-z0-9]([a-z0-9-]*[a-z0-9])?",
        63,
        "the version of a Secret: text of lower-case letters, digits and '-', like \"7\"",
    ),
]

_LONGEST_NAME = 253
_PRIVATE_KEY = "PRIVATE KEY-----"
_CONFIG_PLACES = ("configMapKeyRef", "configMapRef", "configMap")
_SECRET_PLACES = ("secretKeyRef", "secretRef", "secret")
Kind = Literal["config", "secret"]


@record
class Use:
    """Where pods read a ConfigMap or a Secret.

    Fields: `path`: where the workload names what is read; `name`: of the object; `key`: the only one that is read.
    """

    kind: Kind
    path: tuple[str | int, ...]
    name: str
    key: str | None = None


def references_in(template: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Kind, tuple[str | int, ...], str]]:
    """Kind, path and field of every name of a ConfigMap or a Secret in a pod's template."""
    if isinstance(template, Mapping):
        for key, value in template.items():
            kind: Kind = "config" if key in _CONFIG_PLACES else "secret"
            if key in (*_CONFIG_PLACES, *_SECRET_PLACES) and isinstance(value, Mapping):
                field = "secretName" if "secretName" in value else "name"
                if isinstance(value.get(field), str):
                    yield kind, (*path, key), field
            yield from references_in(value, (*path, key))
    elif isinstance(template, list):
        for index, value in enumerate(template):
            yield from references_in(value, (*path, index))


def uses_in(template: Mapping[str, Any]) -> Iterator[Use]:
    """What the pods of a full template read."""
    for kind, path, field in references_in(template):
        place: Any = template
        for part in path:
            place = place[part]
        yield Use(kind, (*path, "key"), place[field], place.get("key"))


def configuration_problems(
    config: Mapping[str, Mapping[str, str]], versions: Mapping[str, str], uses: Sequence[Use]
) -> Iterator[Finding]:
    """What is wrong with a workload's configuration, alone and beside what its pods read."""
    for name, data in config.items():
        yield from _data_problems(name, data)
        if not any(use.kind == "config" and use.name == name for use in uses):
            yield ("config", name), "is read by no container: name it in env, env_from or volumes"
    for name, version in versions.items():
        if not any(use.kind == "secret" and use.name == name for use in uses):
            yield ("secret_versions", name), "is read by no container: name it in env, env_from or volumes"
        if len(f"{name}-{version}") > _LONGEST_NAME:
            yield ("secret_versions", name), f"makes a name of more than {_LONGEST_NAME} characters"
    for use in uses:
        data = config.get(use.name, {}) if use.kind == "config" else {}
        if data and use.key is not None and use.key not in data:
            yield use.path, f"'{use.name}' has no key '{use.key}'{nearest(use.key, data)}"


def _data_problems(name: str, data: Mapping[str, str]) -> Iterator[Finding]:
    for key, text in data.items():
        if _PRIVATE_KEY in text:
            yield (
                ("config", name, key),
                "holds a private key, which everyone could read: keep it in a Secret, and name that here as 'secret'",
            )
