"""The set-up page promises what the set-up checks."""

from pathlib import Path

from components.releases import PULUMI
from localcluster.bootstrap.preflight import BUILD_GB, BUILD_MEMORY_GB, OWN_CLUSTER

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "set-up.md"


def test_the_messages_point_at_the_page() -> None:
    assert str(PAGE.relative_to(ROOT)) in OWN_CLUSTER
    assert PAGE.is_file()


def test_the_page_has_the_figures_of_the_checks() -> None:
    text = PAGE.read_text().replace("\n", " ")
    assert f"{BUILD_GB} GB of disk and {BUILD_MEMORY_GB} GB of free memory" in text
    assert f"Pulumi {PULUMI.version.removeprefix('v')} from" in text
