"""The projects of the tests on the real engine."""

import shutil
from pathlib import Path

import pytest

from .project import ROOT, ObjectsProject, Project

_PARTS = ("__main__.py", "Pulumi.yaml", "apps", "components", "policies", "stacks")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ObjectsProject:
    """A project of plain objects on a cluster where nobody listens."""
    made = ObjectsProject(tmp_path_factory.mktemp("policy-project") / "program", "dev")
    _copy(Path(__file__).parent / "program", made.folder)
    made.start()
    return made


@pytest.fixture
def production(tmp_path: Path) -> Project:
    """A copy of this very project with its production stack, for tests to change."""
    made = Project(tmp_path / "coalmine", "production", passphrase="coalmine-production")
    made.folder.mkdir()
    for part in _PARTS:
        _copy(ROOT / part, made.folder / part)
    made.start()
    return made


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)
