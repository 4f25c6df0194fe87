"""Models whose schema is built when the first writes them: as if it had been there all the time."""

from typing import Annotated, Any

import pytest
from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema

from components.spec.base import Later, Strict, json_schema


def models(note: object) -> tuple[type[Strict], type[Strict]]:
    """A model, and one that holds it with this note at the field."""

    class Piece(Strict):
        size: int = 2

    class Whole(Strict):
        piece: Annotated[Piece, note] = Piece.model_construct()

    return Piece, Whole


def test_a_model_that_nobody_writes_gets_no_schema() -> None:
    built = []

    class Piece(Strict):
        size: int = 2

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
            built.append(cls)
            return super().__get_pydantic_core_schema__(source, handler)

    class Whole(Strict):
        piece: Annotated[Piece, Later()] = Piece.model_construct()

    Whole.model_validate({})
    assert not built, "its schema was built although nobody wrote it"
    assert Whole.model_validate({"piece": {"size": 3}}).piece.size == 3
    assert built == [Piece]


@pytest.mark.parametrize("wrong", [{"piece": {"size": "x"}}, {"piece": {"sise": 1}}, {"piece": 4}])
def test_mistakes_in_it_are_told_as_of_any_other_model(wrong: dict[str, object]) -> None:
    told = []
    for note in ("at once", Later()):
        with pytest.raises(ValidationError) as caught:
            models(note)[1].model_validate(wrong)
        told.append([(one["loc"], one["type"], one["input"]) for one in caught.value.errors()])
    assert told[0] == told[1]


def test_editors_see_no_difference() -> None:
    assert json_schema(models(Later())[1]) == json_schema(models("at once")[1])
