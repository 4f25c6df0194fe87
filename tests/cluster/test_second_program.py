"""A program outside the checkout, with the package from its wheel, on the real engine: previewed without a cluster."""

import shutil
from pathlib import Path

from components.cli.review.events import outcome
from localcluster.pulumi_home import make_home
from tests.policies.project import ROOT, Project
from tests.specs import EXAMPLES

_JUDGING = 70
"""Rules that look at the kinds of objects that the example has."""


def test_a_program_with_the_installed_package_previews_its_platform_and_apps(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "webshop"
    shutil.copytree(EXAMPLES / "second-program", folder)
    (folder / ".venv").symlink_to(installed)
    make_home(tmp_path / "pulumi-home", official_plugins=False)
    project = Project(folder, "dev")
    made = project.pulumi("stack", "init", "dev")
    assert made.code == 0, made.text
    version = project.pulumi("config", "set", "version", "2.0.0")
    assert version.code == 0, version.text

    events = tmp_path / "events.jsonl"
    pack = ["--policy-pack", str(ROOT / "policies"), "--event-log", str(events)]
    preview = project.pulumi("preview", "--stack", "dev", "--json", *pack)
    assert preview.code == 0, preview.text
    judged = outcome(events.read_text(encoding="utf-8"))
    # Advice that a small example leaves aside: what its images are, and how its pods say that they are ready.
    advice = {(one.rule, one.level) for one in judged.refusals}
    assert advice == {("images-by-digest", "advisory"), ("readiness-probe", "advisory")}, preview.text
    assert judged.judged.rules >= _JUDGING, "the example is not judged by all rules on what it has"
    for made_by in ("Platform", "Istio", "ArgoRollouts", "Prometheus", "App"):
        assert f"coalmine:index:{made_by}" in preview.text
    for app in ("catalogue", "basket"):
        assert f"registry.example.com/{app}:2.0.0" in preview.text
        assert f"kubernetes:argoproj.io/v1alpha1:Rollout::{app}/Rollout/{app}" in preview.text
