"""What the text below a model's field says about it.

Pydantic reads it too, with `use_attribute_docstrings`, but when the class is made: finding every class in its source is
two fifths of the time that the models take to load, and only schemas and reference pages ever ask.
"""

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The text of every field that has one, by the field's name; a field that is written anew has no inherited one."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__[: model.__mro__.index(BaseModel)]):
        found = {name: text for name, text in found.items() if name not in base.__annotations__} | _own(base)
    return found


@cache
def _own(model: type) -> dict[str, str]:
    (made,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    body = made.body if isinstance(made, ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
