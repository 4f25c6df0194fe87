"""The project's own production stack under the pack, as a pull request's check runs it."""

import re

from .project import Project
from .support import LEFT_TO_APPS


def test_production_passes_without_a_cluster(production: Project) -> None:
    answer = production.pulumi("preview", "--stack", "production", "--policy-pack", "policies")
    assert (answer.code, answer.text.count("[mandatory]")) == (0, 0), answer.text
    advised = re.findall(r"\[advisory\] \[severity: \w+\] ([a-z0-9-]+)", answer.text)
    assert set(advised) <= LEFT_TO_APPS | {"spread-over-zones"}, answer.text
    assert "coalmine@v0.1.0" in answer.text
