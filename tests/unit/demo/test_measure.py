"""When a good version had all traffic, from the weights that were in force."""

import math
from dataclasses import dataclass
from typing import Any, cast

from localcluster.demo.measure import Observer
from localcluster.demo.tally import Tally
from localcluster.demo.timeline import Stretch


@dataclass(frozen=True)
class Seen:
    """What the gateway reported."""

    found: list[Stretch]

    def stretches(self, host: str, canary: str) -> list[Stretch]:
        assert (host, canary) == ("shop.example.com", "shop-canary.shop")
        return self.found


@dataclass(frozen=True)
class Shop:
    """The names of a plan."""

    canary_service: str = "shop-canary"
    namespace: str = "shop"


def observer(*found: Stretch) -> Observer:
    parts: Any = (None, Seen(list(found)), Tally(cast(Any, None), "shop.example.com"), Shop())
    return Observer(*parts, version="2.0.0", since=100.0)


BEFORE, FIRST, LAST = Stretch(0, 10.0, 101.0), Stretch(5, 101.4, 116.0), Stretch(50, 116.3, 131.0)


def test_promotion_ends_when_the_weight_after_the_steps_is_seen() -> None:
    seconds = observer(
        BEFORE, FIRST, LAST, Stretch(100, 131.4, 132.0), Stretch(0, 132.2, math.inf)
    ).seconds_to_promote()
    assert round(seconds, 3) == 30.0


def test_before_that_there_is_no_time_to_tell() -> None:
    assert math.isnan(observer(BEFORE, FIRST, Stretch(50, 116.3, math.inf)).seconds_to_promote())
    assert math.isnan(observer(Stretch(0, 10.0, math.inf)).seconds_to_promote())
