"""The project's own production stack under the pack, as a pull request's check runs it."""

from .project import Project


def test_production_passes_without_a_cluster(production: Project) -> None:
    answer = production.pulumi("preview", "--stack", "production", "--policy-pack", "policies")
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 0), answer.text
    assert "coalmine@v0.1.0" in answer.text
