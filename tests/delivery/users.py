"""Users of apps, each with headers and cookies of their own, from inside the cluster's network.

`python -m tests.delivery.users ADDRESS:PORT` reads one JSON list of groups from standard input, has every user send a
request per period through the gateway, and writes one JSON line for every answer. It ends with its standard input.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

UNANSWERED = 0
"""The status of a request that got no HTTP answer."""

_LATE_SECONDS = 10.0
_HEAD_END = b"\r\n\r\n"
_LONGEST_ORDER = 1 << 20


@dataclass(frozen=True)
class Group:
    """Users who are alike.

    Fields: `host`: that they ask; `name`: of the group, once per host; `users`: how many; `period`: seconds between two
    requests of one user; `method`; `headers` of every request; `cookies` that every user has from the start;
    `told_by`: the header of an answer that tells the version; `gateway`: ADDRESS:PORT of another one than that of all
    the others.
    """

    host: str
    name: str
    users: int = 4
    period: float = 1.0
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    told_by: str = "x-version"
    gateway: str = ""


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Fields: `time`: when it was sent, `received`: when its answer was there, seconds since the epoch; `host`; `group`;
    `user`: number in the group; `version`: that answered, "" without; `status`: UNANSWERED without an answer;
    `problem`: why there is none; `pod`: that answered, "" without.
    """

    time: float
    received: float
    host: str
    group: str
    user: int
    version: str
    status: int
    problem: str = ""
    pod: str = ""

    def line(self) -> str:
        """As a JSON line."""
        return json.dumps(asdict(self), separators=(",", ":"))


class CookieJar:
    """The cookies of one user, of one host. Source: RFC 6265; expiry by Max-Age, and only at once."""

    def __init__(self, cookies: Mapping[str, str]) -> None:
        self._cookies = dict(cookies)

    def header(self) -> str:
        """The value of the header `cookie`, "" without any."""
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    def take(self, set_cookie: str) -> None:
        """Follows one header `set-cookie`: keeps the cookie, or drops it when its time is over."""
        pair, *attributes = (part.strip() for part in set_cookie.split(";"))
        name, _, value = pair.partition("=")
        self._cookies[name] = value
        for attribute in attributes:
            key, _, seconds = attribute.partition("=")
            if key.lower() == "max-age" and int(seconds) <= 0:
                del self._cookies[name]


class User:
    """One of a group, with one connection and one request at a time."""

    def __init__(self, group: Group, number: int, gateway: tuple[str, int]) -> None:
        self._group = group
        self._number = number
        self._gateway = _place(group.gateway) if group.gateway else gateway
        self._jar = CookieJar(group.cookies)
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def live(self) -> None:
        """Asks for ever, at its own moments: users of a group do not ask all at once."""
        due = time.time() + self._group.period * self._number / self._group.users
        while True:
            await asyncio.sleep(max(0.0, due - time.time()))
            print((await self._ask()).line(), flush=True)
            due = max(due + self._group.period, time.time())

    async def _ask(self) -> Answer:
        sent, version, status, problem, pod = time.time(), "", UNANSWERED, "", ""
        try:
            async with asyncio.timeout(_LATE_SECONDS):
                version, status, pod = await self._exchange()
        except (OSError, EOFError, TimeoutError) as error:
            self._hang_up()
            problem = repr(error)
        me = (self._group.host, self._group.name, self._number)
        return Answer(sent, time.time(), *me, version, status, problem, pod)

    async def _exchange(self) -> tuple[str, int, str]:
        """Version, status and pod of the next answer."""
        if self._connection is None:
            self._connection = await asyncio.open_connection(*self._gateway)
        reader, writer = self._connection
        writer.write(self._request())
        status, headers = _head(await reader.readuntil(_HEAD_END))
        length = next((int(value) for name, value in headers if name == "content-length"), 0)
        await reader.readexactly(length)
        for name, value in headers:
            if name == "set-cookie":
                self._jar.take(value)
        if ("connection", "close") in headers:
            self._hang_up()
        told = dict(headers)
        return told.get(self._group.told_by, ""), status, told.get("x-pod", "")

    def _request(self) -> bytes:
        headers = {"host": self._group.host, "user-agent": "coalmine-user", **self._group.headers}
        if self._group.method not in ("GET", "HEAD"):
            headers["content-length"] = "0"
        cookies = self._jar.header()
        if cookies:
            headers["cookie"] = cookies
        lines = [f"{self._group.method} / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + _HEAD_END

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection[1].close()
            self._connection = None


def _head(raw: bytes) -> tuple[int, list[tuple[str, str]]]:
    """Status and headers of an answer, names in lower case."""
    first, *lines = raw.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ")[1]), [(name.lower(), value.strip()) for name, _, value in pairs]


def _place(text: str) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    return address, int(port)


async def _live(gateway: tuple[str, int]) -> None:
    orders = asyncio.StreamReader(limit=_LONGEST_ORDER)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    groups = [Group(**item) for item in json.loads(await orders.readline())]
    everybody = [User(group, number, gateway) for group in groups for number in range(group.users)]
    tasks = [asyncio.create_task(user.live()) for user in everybody]
    # A user who ends, by an error, ends the program: nobody would send those requests any more.
    done, living = await asyncio.wait([asyncio.create_task(orders.read()), *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in living:
        task.cancel()
    await asyncio.gather(*living, return_exceptions=True)
    for task in done:
        task.result()


def main() -> None:
    """Send requests until standard input is closed."""
    asyncio.run(_live(_place(sys.argv[1])))


if __name__ == "__main__":
    main()
