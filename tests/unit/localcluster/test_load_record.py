"""What the load generator writes down can be read back, and counts what it says."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from localcluster.cluster import Cluster
from localcluster.load import Load, LoadError, generator
from localcluster.load.generator import Host
from localcluster.load.record import CLOSED, FAILED, LATE, UNSENT, Answers, Second, Tally


def test_a_tally_becomes_quantiles_per_version_and_status() -> None:
    tally = Tally(sent=101)
    for milliseconds in range(100):
        tally.add("v1", 200, float(milliseconds))
    tally.add("v1", 500, 7.0)
    assert tally.second(60, "h").answers == (
        Answers("v1", 200, 100, 50.0, 95.0, 99.0),
        Answers("v1", 500, 1, 7.0, 7.0, 7.0),
    )


def test_a_line_is_read_back() -> None:
    second = Second(60, "h", 3, (Answers("v1", 200, 3, 1.0, 2.0, 3.0),))
    assert Second.of(second.line()) == second


def test_counts_are_of_whole_seconds_and_one_host(tmp_path: Path) -> None:
    out = tmp_path / "load.jsonl"
    kinds = [("a", 60), ("a", 61), ("b", 61), ("a", 62)]
    lines = [Second(time, host, 1, (Answers("v1", 200, 1, 1, 1, 1),)).line() for host, time in kinds]
    out.write_text("\n".join(lines) + "\n" + '{"time":63,"ho')
    load = Load(Cluster("none"), {"a": 1, "b": 1}, out)
    assert load.counts(60.5, 63, "a") == {("v1", 200): 2}
    assert load.counts(0, 61.9, "a") == {("v1", 200): 1}
    with out.open("a") as file:
        file.write('st":"a","sent":1,"answers":[]}\n')
    assert load.seconds()[-1].time == 63, "a line that was cut off is read when it is complete"


def test_failures_are_told_by_the_second(tmp_path: Path) -> None:
    """Of a machine that failed once, the message of a test is all that is left."""
    out = tmp_path / "load.jsonl"
    well, failed = Answers("v1", 200, 3, 1, 1, 1), Answers(LATE, FAILED, 2, 12000, 12000, 12000)
    seconds = [Second(61, "a", 3, (well,)), Second(62, "a", 5, (well, failed)), Second(62, "b", 2, (failed,))]
    out.write_text("".join(second.line() + "\n" for second in seconds))
    load = Load(Cluster("none"), {"a": 1, "b": 1}, out)
    assert load.failures(60, 63, "a") == ["second 2: 5 sent, 3 x v1 200 (1 ms), 2 x late 0 (12000 ms)"]
    assert load.failures(60, 62, "a") == [], "of later seconds nothing was asked"


def test_a_host_that_was_not_named_cannot_be_changed() -> None:
    with pytest.raises(LoadError, match=r"'b' is not one of this load's hosts: a"):
        Load(Cluster("none"), {"a": 1}).set_rate("b", 1)


async def sent_to(server: tuple[str, int], rate: float, seconds: float) -> Counter[tuple[str, int]]:
    """What became of requests: what stands for the version, and the status."""
    found: list[Second] = []
    host = Host("h", server, rate, found.append)
    async with asyncio.timeout(seconds + 10):
        for _ in range(int(seconds / 0.005)):
            host.tick()
            await asyncio.sleep(0.005)
        while not found or sum(second.sent for second in found) != sum(_answered(found).values()):
            host.tick()
            await asyncio.sleep(0.005)
    return _answered(found)


def _answered(seconds: list[Second]) -> Counter[tuple[str, int]]:
    total: Counter[tuple[str, int]] = Counter()
    for second in seconds:
        total.update({(one.version, one.status): one.count for one in second.answers})
    return total


def test_a_request_without_an_answer_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a lost request would be no more than a number."""
    monkeypatch.setattr(generator, "_LATE_SECONDS", 0.1)

    async def run() -> None:
        assert set(await sent_to(("127.0.0.1", 9), 100, 0.1)) == {("Connection refused", FAILED)}
        silent = await asyncio.start_server(lambda reader, writer: asyncio.sleep(60), "127.0.0.1", 0)
        closing = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        assert set(await sent_to(silent.sockets[0].getsockname(), 100, 0.1)) == {(LATE, FAILED)}
        assert set(await sent_to(closing.sockets[0].getsockname(), 100, 0.1)) == {(CLOSED, FAILED)}
        monkeypatch.setattr(generator, "_MOST_CONNECTIONS", 0)
        assert set(await sent_to(("127.0.0.1", 9), 100, 0.1)) == {(UNSENT, FAILED)}
        silent.close()
        closing.close()

    asyncio.run(run())
