"""Every engine that a stack can name has an operator: no app is released that `coalmine status` cannot tell about."""

from components.operate.find import operators
from components.spec.registry import variants
from tests.contract import variants as _discovered  # noqa: F401 - registers the engines


def test_every_engine_can_be_operated() -> None:
    assert list(operators()) == list(variants("engine"))
    assert all(kind == operator.kind for kind, operator in operators().items())
