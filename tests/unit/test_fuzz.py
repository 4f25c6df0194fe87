"""Odd YAML, for a few seconds: the long run is `make fuzz`."""

from tests.fuzz import fuzz

SECONDS = 6


def test_odd_yaml_is_answered_as_a_mistake_or_taken() -> None:
    result = fuzz(SECONDS, seed=1, most_findings=3)
    assert not result.findings, "\n".join(f"input {one.number}: {one.said}" for one in result.findings)
    assert result.refused > 20, "hardly anything was tried"
    assert result.accepted, "nothing was whole enough to reach the compiler"
