"""The project's own production stack under the pack, as a pull request's check runs it."""

import yaml

from .project import Answer, Project

HAND_WRITTEN_TEMPLATE = """
from pulumi_kubernetes.apiextensions import CustomResource

CustomResource(
    "hand-written",
    api_version="argoproj.io/v1alpha1",
    kind="AnalysisTemplate",
    metadata={"name": "hand-written", "namespace": "shop"},
    spec={"metrics": [{"name": "error-rate", "provider": {"prometheus": {"query": "up"}}}]},
    opts=on_cluster,
)
"""


def _preview(production: Project) -> Answer:
    return production.pulumi("preview", "--stack", "production", "--policy-pack", "policies")


def test_production_passes_without_a_cluster(production: Project) -> None:
    answer = _preview(production)
    assert (answer.code, answer.text.count("[mandatory]"), answer.text.count("[advisory]")) == (0, 0, 0), answer.text
    assert "coalmine@v0.1.0" in answer.text


def test_a_large_first_weight_of_an_app_is_refused_and_the_line_to_edit_is_named(production: Project) -> None:
    file = production.folder / "apps" / "search.yaml"
    app = yaml.safe_load(file.read_text(encoding="utf-8"))
    steps = app["delivery"]["steps"]
    app["delivery"]["steps"] = [{**steps[0], "weight": 25}, steps[-1]]
    file.write_text(yaml.safe_dump(app), encoding="utf-8")

    answer = _preview(production)
    assert (answer.code != 0, answer.text.count("[mandatory]")) == (True, 1), answer.text
    assert "first-step-weight (kubernetes:argoproj.io/v1alpha1:Rollout: " in answer.text
    assert f"Rollout {app['namespace']}/search: the first weight is 25 %, the limit is 10 %" in answer.text
    assert "in apps/search.yaml: delivery.steps[0].weight" in answer.text


def test_a_template_added_by_hand_without_a_condition_is_refused(production: Project) -> None:
    program = production.folder / "__main__.py"
    program.write_text(program.read_text(encoding="utf-8") + HAND_WRITTEN_TEMPLATE, encoding="utf-8")

    answer = _preview(production)
    assert (answer.code != 0, answer.text.count("[mandatory]")) == (True, 1), answer.text
    assert "metric-condition (kubernetes:argoproj.io/v1alpha1:AnalysisTemplate: hand-written)" in answer.text
    assert "give spec.metrics[0] a successCondition" in answer.text
