"""What several modules of these tests share."""

from collections.abc import Iterator

import pytest

from .installed_platform import Installed, platform


@pytest.fixture(scope="session")
def with_platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """A cluster with the platform of the stack `local`; installing it takes longer than most tests."""
    with platform(request, tmp_path_factory.mktemp("config")) as made:
        yield made
