"""A user's mistakes, all at once: `file: path: message`, with the nearest valid value where one is near."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..record import record
from .registry import Variant, variants
from .values import shown

PathPart = str | int


@record
class Problem:
    """One mistake: the file it is in, the path inside the file, and what to do about it.

    `app` names the app where the file holds several.
    """

    file: str
    path: str
    message: str
    app: str = ""

    def __lt__(self, other: "Problem") -> bool:
        mine, others = ((one.file, one.app, one.path, one.message) for one in (self, other))
        return mine < others

    def __str__(self) -> str:
        line = ": ".join(part for part in (self.file, self.app, self.path, self.message) if part)
        # A key may hold anything, an escape sequence included: one line stays one line.
        return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)


class SpecError(Exception):
    """Everything that is wrong with a spec; `problems` is sorted and never empty."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def format_path(parts: Iterable[PathPart]) -> str:
    """`("steps", 0, "weight")` as people write it: `steps[0].weight`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def nearest(wanted: str, known: Iterable[str]) -> str:
    """` (did you mean 'istio'?)` where a known name is near, else the list of what is known."""
    names = sorted(known)
    close = closest(wanted, names)
    if close is not None:
        return f" (did you mean '{close}'?)"
    return f" (known: {', '.join(names)})" if names else ""


def closest(wanted: str, known: Iterable[str]) -> str | None:
    """The known name that a mistyped one is nearest to; None where none is near."""
    # Only here: good input needs no suggestions.
    from difflib import get_close_matches

    return next(iter(get_close_matches(wanted, list(known), n=1, cutoff=0.6)), None)


def path_of(loc: Sequence[PathPart], data: Any) -> tuple[PathPart, ...]:
    """The path as it stands in the user's data: pydantic's injected union tags are dropped."""
    path: list[PathPart] = []
    tagged = False
    for index, part in enumerate(loc):
        if isinstance(data, Mapping) and data.get("kind") == part and not tagged:
            # A key may have the name of a variant, as in `{kind: query, query: ...}`: the variant comes first.
            tagged = True
            continue
        tagged = False
        if isinstance(data, Mapping) and part in data:
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        elif index < len(loc) - 1:
            continue
        elif part == "[key]":
            break
        path.append(part)
    return tuple(path)


def explain(error: ValidationError, model: type[BaseModel], data: Any) -> Iterator[tuple[tuple[PathPart, ...], str]]:
    """Path and message of every mistake pydantic found in `data`."""
    for raised in error.errors(include_url=False):
        detail = _original(raised)
        loc = raised["loc"]
        if detail["type"] == "extra_forbidden":
            yield path_of(loc, data), _unknown_key(str(loc[-1]), model, loc[:-1])
        else:
            # What a rule names is a path of its own, even where the user has not written that key.
            rest = len(loc) - detail.get("ctx", {}).get("inside", 0)
            path = (*_drop_variant_tag(path_of(loc[:rest], data), detail, data), *loc[rest:])
            yield _unknown_variant(path, detail) if detail["type"] == "union_tag_invalid" else (path, _message(detail))


def _original(raised: ErrorDetails) -> ErrorDetails:
    """What was found first, where a model's rules raised it again."""
    while "detail" in raised.get("ctx", {}):
        raised = raised["ctx"]["detail"]
    return raised


def _drop_variant_tag(path: tuple[PathPart, ...], detail: ErrorDetails, data: Any) -> tuple[PathPart, ...]:
    """A model's own error ends in the tag of its variant; a missing key ends in the key."""
    if detail["type"] == "missing" or not path:
        return path
    for part in path[:-1]:
        data = data[part]
    inside = path[-1] in data if isinstance(data, Mapping) else isinstance(path[-1], int)
    return path if inside else path[:-1]


def _message(detail: ErrorDetails) -> str:
    template = _MESSAGES.get(detail["type"])
    return template(detail["input"], detail.get("ctx", {})) if template else detail["msg"]


def _unknown_variant(path: tuple[PathPart, ...], detail: ErrorDetails) -> tuple[tuple[PathPart, ...], str]:
    """E.g. `unknown router 'istoi'`: the field's name says what is chosen; items of a list have a kind."""
    context = detail["ctx"]
    known = [tag.strip(" '") for tag in str(context["expected_tags"]).split(",")]
    tag = str(context["discriminator"]).strip("'")
    what = path[-1] if tag == "kind" and path and isinstance(path[-1], str) else tag
    where = path if tag == "kind" else (*path, tag)
    return where, f"unknown {what} '{context['tag']}'" + nearest(str(context["tag"]), known)


def _not_allowed(value: Any, context: Mapping[str, Any]) -> str:
    known = [name.strip(" '") for name in str(context["expected"]).replace(" or ", ",").split(",")]
    return f"{shown(value)} is not allowed" + nearest(str(value), known)


def _not_text(value: Any, _context: Mapping[str, Any]) -> str:
    # Without the value: 1.10 has become 1.1 by now.
    quoted = " (write it in quotes)" if isinstance(value, int | float) else ""
    return f"must be text, not {_kind(value)}{quoted}"


def _not(what: str) -> Callable[[Any, Mapping[str, Any]], str]:
    return lambda value, _context: f"must be {what}, not {_kind(value)}"


_MESSAGES: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "missing": lambda _value, _context: "is required",
    "union_tag_not_found": lambda _value, _context: "needs a 'kind'",
    "literal_error": _not_allowed,
    "greater_than_equal": lambda value, context: f"{value} is too small: at least {context['ge']}",
    "less_than_equal": lambda value, context: f"{value} is too large: at most {context['le']}",
    "too_short": lambda _value, _context: "must not be empty",
    "string_too_short": lambda _value, _context: "must not be empty",
    "model_attributes_type": _not("a name, or a mapping with a 'kind'"),
    "model_type": _not("a mapping of keys to values"),
    "dict_type": _not("a mapping of keys to values"),
    "list_type": _not("a list"),
    "string_type": _not_text,
    "int_type": _not("a whole number"),
    "bool_type": _not("true or false"),
    "string_pattern_mismatch": lambda value, context: f"{value!r} does not match {context['pattern']}",
}


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return shown(value)


def _unknown_key(key: str, model: type[BaseModel], loc: Sequence[PathPart]) -> str:
    """With the key that was meant, or with the variant that has this one."""
    chosen, all_variants = _models_at(model, loc)
    owners = [tag for one in all_variants if key in one.model_fields for tag in _tags(one)]
    if owners:
        return f"unknown key, which belongs to {' and '.join(repr(tag) for tag in owners)}"
    return "unknown key" + nearest(key, {name for found in chosen for name in found.model_fields})


def _models_at(model: type[BaseModel], loc: Sequence[PathPart]) -> tuple[list[type[BaseModel]], list[type[BaseModel]]]:
    """The models that may stand at a place, narrowed to the variant that was chosen, and all of its variants."""
    places: list[Any] = [model]
    variants_there = places
    for part in loc:
        there = _models(places)
        tagged = [one for one in there if len(there) > 1 and part in _tags(one)]
        if tagged:
            places = tagged
            continue
        following = [after for place in _alternatives(places) for after in _step(place, part)]
        # A union's tag leads nowhere: it says which alternative it is.
        variants_there = following or variants_there
        places = following or [one for one in there if part in _tags(one)] or places
    return _models(places), _models(variants_there)


def _models(places: Iterable[Any]) -> list[type[BaseModel]]:
    return [place for place in _alternatives(places) if isinstance(place, type) and issubclass(place, BaseModel)]


def _tags(model: type[BaseModel]) -> list[str]:
    """What a user writes to choose this variant."""
    literals = (field.annotation for field in model.model_fields.values() if get_origin(field.annotation) is Literal)
    return [str(value) for literal in literals if len(get_args(literal)) == 1 for value in get_args(literal)]


def _alternatives(places: Iterable[Any]) -> Iterator[Any]:
    for place in places:
        if get_origin(place) is Annotated:
            inner, *notes = get_args(place)
            families = [note.family for note in notes if isinstance(note, Variant)]
            yield from (model for family in families for model in variants(family).values())
            if not families:
                yield from _alternatives([inner])
        elif get_origin(place) in (Union, UnionType):
            yield from _alternatives(get_args(place))
        elif get_origin(place) in (list, dict) or (isinstance(place, type) and issubclass(place, BaseModel)):
            yield place


def _step(place: Any, part: PathPart) -> Iterator[Any]:
    if get_origin(place) is list:
        if isinstance(part, int):
            yield get_args(place)[0]
    elif get_origin(place) is dict:
        yield get_args(place)[1]
    elif part in place.model_fields:
        field = place.model_fields[str(part)]
        yield Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
