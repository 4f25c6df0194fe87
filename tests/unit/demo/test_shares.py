"""Shares of requests against the weights that were asked for."""

import math

import pytest

from localcluster.demo.shares import FEWEST_REQUESTS, LARGEST_Z, Share


@pytest.mark.parametrize(
    ("share", "z"),
    [
        (Share(50, 10_000, 5_000), 0.0),
        (Share(50, 10_000, 5_100), 2.0),
        (Share(5, 9_500, 475), 0.0),
        (Share(10, 10_000, 940), -2.0),
        (Share(0, 100, 0), 0.0),
        (Share(0, 100, 1), math.inf),
        (Share(100, 100, 99), -math.inf),
    ],
)
def test_z_counts_standard_errors_of_a_binomial(share: Share, z: float) -> None:
    assert share.z == pytest.approx(z)


def test_without_requests_nothing_is_known() -> None:
    nothing = Share(5, 0, 0)
    assert math.isnan(nothing.measured)
    assert math.isnan(nothing.z)
    assert not nothing.agrees


def test_a_share_agrees_only_within_the_limit_and_with_enough_requests() -> None:
    spread = math.sqrt(FEWEST_REQUESTS * 0.25)
    inside = Share(50, FEWEST_REQUESTS, FEWEST_REQUESTS // 2 + int(LARGEST_Z * spread) - 1)
    outside = Share(50, FEWEST_REQUESTS, FEWEST_REQUESTS // 2 + int(LARGEST_Z * spread) + 2)
    assert inside.agrees
    assert not outside.agrees
    assert not Share(50, FEWEST_REQUESTS - 2, FEWEST_REQUESTS // 2 - 1).agrees
