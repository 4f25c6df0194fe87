"""Entry point of `python -m localcluster.load --gateway ADDRESS:PORT --out FILE HOST=RATE...`.

`--through HOST=ADDRESS:PORT` sends a host's requests through another gateway.
Rates can be changed while it runs: lines `HOST=RATE` on standard input. The end of standard input changes nothing.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import TextIO

from .generator import Host, run
from .record import Second

Place = tuple[str, int]


async def _main(gateway: Place, through: dict[str, Place], rates: dict[str, float], out: TextIO) -> None:
    def write(second: Second) -> None:
        out.write(second.line() + "\n")
        out.flush()

    hosts = {name: Host(name, through.get(name, gateway), rate, write) for name, rate in rates.items()}
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    listening = asyncio.create_task(_listen(reader, hosts))
    await run(list(hosts.values()), stop)
    listening.cancel()


async def _listen(reader: asyncio.StreamReader, hosts: dict[str, Host]) -> None:
    while line := await reader.readline():
        name, rate = _rate(line.decode().strip())
        if name in hosts:
            hosts[name].rate = rate
        else:
            print(f"load: no host {name!r}", file=sys.stderr, flush=True)


def _rate(text: str) -> tuple[str, float]:
    name, separator, rate = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST=RATE")
    return name, float(rate)


def _address(text: str) -> Place:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _way(text: str) -> tuple[str, Place]:
    name, _, place = text.partition("=")
    return name, _address(place)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m localcluster.load", description=__doc__)
    parser.add_argument("--gateway", type=_address, required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--through", type=_way, action="append", default=[], metavar="HOST=ADDRESS:PORT")
    parser.add_argument("--out", type=Path, help="file that a JSON line is appended to per second and host")
    parser.add_argument("rates", nargs="+", type=_rate, metavar="HOST=RATE", help="requests per second")
    given = parser.parse_args()
    out = given.out.open("a") if given.out else sys.stdout
    asyncio.run(_main(given.gateway, dict(given.through), dict(given.rates), out))


if __name__ == "__main__":
    main()
