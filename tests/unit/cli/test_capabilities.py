"""`coalmine capabilities`: the cells that decide, as people and programs read them."""

import json
from itertools import takewhile

from components.capability import Emulated, Evidence, Native, Refused
from components.capability_table import ANY, Row, as_data, rows
from components.features import ROUTED, Feature
from components.spec.registry import variants
from tests.coalmine import coalmine


def test_every_feature_has_one_cell_for_every_engine_and_router() -> None:
    cells = rows()
    places = [(row.feature, row.engine, row.router) for row in cells]
    assert len(set(places)) == len(places)
    for engine in variants("engine"):
        always = {row.feature for row in cells if (row.engine, row.router) == (engine, ANY)}
        assert set(Feature) - ROUTED <= always, f"{engine} must answer what does not depend on the router"
        for router in variants("router"):
            own = {row.feature for row in cells if (row.engine, row.router) == (engine, router)}
            assert own | always == set(Feature)
            assert not own & always


def test_a_router_that_does_not_work_with_an_engine_is_refused_for_all_of_it() -> None:
    for row in rows():
        if row.router != ANY and row.engine not in variants("router")[row.router].capabilities:
            assert isinstance(row.cell, Refused)
            assert row.cell.why == f"'{row.router}' does not work with '{row.engine}'"


def test_a_cell_as_data_says_all_that_it_knows() -> None:
    place = {"feature": "weights", "meaning": "shifting traffic by weight", "engine": "e", "router": "r"}

    def data(cell: Native | Emulated | Refused) -> dict[str, str]:
        return dict(as_data(Row(Feature.WEIGHTS, "e", "r", cell)))

    assert data(Native(Evidence.TRAFFIC)) == {**place, "support": "native", "evidence": "traffic"}
    emulated = Emulated("by hand", Evidence.OPAQUE, "v1.2")
    assert data(emulated) == {**place, "support": "emulated", "how": "by hand", "evidence": "opaque", "since": "v1.2"}
    assert data(Refused("a", "b")) == {**place, "support": "refused", "why": "a", "instead": "b"}


def test_it_prints_every_cell_of_a_router() -> None:
    done = coalmine("capabilities", "--router", "istio", "--engine", "flagger")
    assert (done.returncode, done.stderr) == (0, "")
    for row in rows(["flagger"], ["istio"]):
        assert row.feature.value in done.stdout
    assert "argo-rollouts with" not in done.stdout


def test_without_a_router_it_lists_those_that_can() -> None:
    lines = coalmine("capabilities").stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("│ weights "))
    # What does not fit stands in the lines below, which begin with no feature.
    below = takewhile(lambda line: line.startswith("│   "), lines[first + 1 :])
    assert "istio" in "".join(line.split("│")[2] for line in (lines[first], *below))


def test_as_json_it_holds_every_cell() -> None:
    assert json.loads(coalmine("capabilities", "--json").stdout) == [as_data(row) for row in rows()]


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    done = coalmine("capabilities", "--router", "istoi")
    assert done.returncode == 1
    assert done.stderr.startswith("coalmine: no router 'istoi' (did you mean 'istio'?)")
