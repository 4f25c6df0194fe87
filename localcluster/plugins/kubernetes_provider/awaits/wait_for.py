"""Stand-in for pulumi-resource-kubernetes: readiness by the pulumi.com/waitFor annotation.

`jsonpath={.status.phase}=Running`, `condition=Ready`, `condition=Ready=False`, or a JSON list of these.
"""

from __future__ import annotations

import json
from typing import Any

from ...wire.errors import PluginError, UnsupportedError
from ...wire.values import Object
from ..annotations import WAIT_FOR
from . import jsonpath
from .status import READY, Look, Rule, Status, conditions

DEFAULT_SECONDS = 600.0


def rule(text: str) -> Rule:
    """The readiness rule that the annotation's text asks for; raises PluginError for a text of another form."""
    terms = _terms(text)

    def status(live: Object, elapsed: float, look: Look) -> Status:
        missing = [term for term in terms if not _holds(live, term)]
        return Status(False, f"waiting for {', '.join(missing)}") if missing else READY

    # A term of an unknown form must fail before the object is created, not while it is awaited.
    for term in terms:
        _holds({}, term)
    return status


def _terms(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [text]
    try:
        terms: Any = json.loads(text)
    except ValueError as error:
        raise PluginError(f"annotation {WAIT_FOR}: '{text}' is not a JSON list") from error
    if not all(isinstance(term, str) for term in terms):
        raise PluginError(f"annotation {WAIT_FOR}: every element of '{text}' must be a text")
    return list(terms)


def _holds(live: Object, term: str) -> bool:
    kind, _, rest = term.partition("=")
    if kind == "condition":
        name, _, wanted = rest.partition("=")
        by_name = {key.lower(): value for key, value in conditions(live).items()}
        return bool(str(by_name.get(name.lower(), {}).get("status")).lower() == (wanted or "True").lower())
    if kind == "jsonpath":
        expression, brace, wanted = rest.rpartition("}")
        if not brace:
            raise PluginError(f"annotation {WAIT_FOR}: '{term}' has no expression in braces")
        found = jsonpath.find(live, expression + brace)
        value = wanted.removeprefix("=").strip("\"'")
        return any(_text(item) == value for item in found) if wanted else bool(found)
    raise UnsupportedError(f"annotation {WAIT_FOR}: '{term}'")


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value)
