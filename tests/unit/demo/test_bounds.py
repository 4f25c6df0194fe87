"""The bounds of a release follow from the app's spec and the requests that it gets."""

from pathlib import Path
from typing import Any

import pytest

from components.plan import Plan
from components.spec.values import Duration
from localcluster.demo.bounds import ALLOWANCE, longest_promotion, longest_rollback
from tests.specs import changed, compiled_app, example_app

SCRAPE = Duration.of_seconds(5)


def plan(folder: Path, **analysis: Any) -> Plan:
    """Steps of 5, 25 and 50 % for two minutes each."""
    checks = example_app()["delivery"]["analysis"]
    return compiled_app(folder, changed(example_app(), "delivery", "analysis", to={**checks, **analysis})).plan


@pytest.mark.parametrize(
    ("analysis", "rate", "seconds"),
    [
        ({"interval": "30s", "minimum_requests": 50}, 100, 30 + 5 + 10),
        ({"interval": "30s", "minimum_requests": 50, "tolerated_failures": 2}, 100, 90 + 5 + 10),
        ({"interval": "1m", "minimum_requests": 50}, 1000, 60 + 5 + 1),
        ({"interval": "30s", "minimum_requests": 50}, 0, 30 + 5),
    ],
)
def test_a_bad_version_is_gone_after_the_checks_that_must_fail(
    tmp_path: Path, analysis: dict[str, Any], rate: float, seconds: float
) -> None:
    assert longest_rollback(plan(tmp_path, **analysis), rate, SCRAPE) == pytest.approx(ALLOWANCE * seconds)


def test_a_good_version_has_all_traffic_after_its_holds(tmp_path: Path) -> None:
    assert longest_promotion(plan(tmp_path)) == pytest.approx(ALLOWANCE * 3 * 120)
