"""Services, as a kube-proxy makes them: a connection to a Service's address goes to one of its ready endpoints.

Programs listen on every address of the namespace, so that their Services answer by themselves wherever port and target
port are the same; everything else is relayed from here.
"""

import asyncio
import random
import socket
import sys
from collections.abc import Iterable

from .. import relay
from ..api import Object
from ..programs import ADDRESSES, taken_ports

Place = tuple[str, int]
_SETTLE_SECONDS = 0.05


class Services:
    """Keeps one listening socket per Service and port. Feed it with `changed`, in the event loop."""

    def __init__(self) -> None:
        self._endpoints: dict[Place, tuple[Place, ...]] = {}
        self._servers: dict[Place, asyncio.Server] = {}
        self._refused: set[Place] = set()
        self._wanted: dict[Place, tuple[Place, ...]] = {}
        self._wake = asyncio.Event()

    def changed(self, services: Iterable[Object], slices: Iterable[Object]) -> None:
        """Take over the Services and EndpointSlices as they are now."""
        self._wanted = relayed(services, slices)
        self._wake.set()

    async def run(self) -> None:
        """Open and close sockets as Services come and go."""
        while True:
            await self._wake.wait()
            # A rollout changes many objects at once.
            await asyncio.sleep(_SETTLE_SECONDS)
            self._wake.clear()
            self._endpoints = self._wanted
            for place in sorted(self._servers.keys() - self._wanted.keys()):
                self._servers.pop(place).close()
            self._refused &= self._wanted.keys()
            for place in sorted(self._wanted.keys() - self._servers.keys() - self._refused):
                await self._listen(place)

    async def _listen(self, place: Place) -> None:
        try:
            listening = _socket(place)
        except OSError as error:
            print(f"Service address {place[0]}:{place[1]}: {error}", file=sys.stderr, flush=True)
            self._refused.add(place)
            return
        self._servers[place] = await relay.serve(listening, lambda: self._endpoint(place))

    def _endpoint(self, place: Place) -> Place | None:
        endpoints = self._endpoints.get(place, ())
        return random.choice(endpoints) if endpoints else None


def relayed(services: Iterable[Object], slices: Iterable[Object]) -> dict[Place, tuple[Place, ...]]:
    """The addresses of Services that connections are relayed from, each with its ready endpoints."""
    by_service: dict[tuple[str, str], list[Object]] = {}
    for item in slices:
        name = item["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
        by_service.setdefault((item["metadata"]["namespace"], name), []).append(item)
    found: dict[Place, tuple[Place, ...]] = {}
    for service in services:
        address = service["spec"].get("clusterIP", "None")
        if address in ("None", ""):
            continue
        own = by_service.get((service["metadata"]["namespace"], service["metadata"]["name"]), [])
        for port in service["spec"].get("ports", []):
            endpoints = _endpoints(own, port.get("name", ""))
            if endpoints and port.get("protocol", "TCP") == "TCP" and not _taken(port["port"], endpoints):
                found[address, int(port["port"])] = endpoints
    return found


def _endpoints(slices: Iterable[Object], port_name: str) -> tuple[Place, ...]:
    found: set[Place] = set()
    for item in slices:
        numbers = [port["port"] for port in item.get("ports") or [] if (port.get("name") or "") == port_name]
        for endpoint in item.get("endpoints") or []:
            if endpoint.get("conditions", {}).get("ready", True):
                found.update((address, int(number)) for address in endpoint["addresses"] for number in numbers)
    return tuple(sorted(found))


def _taken(port: int, endpoints: tuple[Place, ...]) -> bool:
    itself = any(address.startswith(ADDRESSES) and number == port for address, number in endpoints)
    return itself or port in taken_ports()


def _socket(place: Place) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # The gateway may listen on the same port for all addresses: the exact address wins.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(place)
        made.listen(256)
    except OSError:
        made.close()
        raise
    made.setblocking(False)
    return made
