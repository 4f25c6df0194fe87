"""One set of listening sockets per pod, opened when it has an address and closed when it is gone."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from ..api import Object
from ..programs import program_for, taken_ports
from .behaviour import Behaviour, behaviour_of
from .configuration import configured, is_configured
from .identity import NOBODY, Identity, identity_of, service_of
from .metrics import CONTENT_TYPE, Destination
from .server import App, AppConnection, StatsConnection

Texts = Mapping[str, str]
Tell = Callable[[Object], Awaitable[None]]

STATS_PORT = 15020
_GATEWAY_PROGRAM = "gateway"


class Pod:
    """A pod that is answered for. Fields: `app`: what its servers use; `servers`: its listening sockets.

    `configured`: the annotations that its variables stand for; its own ones come before them.
    """

    def __init__(self, pod: Object, configured: Mapping[str, str]) -> None:
        self.object = pod
        self._configured = configured
        self.app = App(pod["metadata"]["name"], identity_of(pod).canonical_revision, self._behaviour())
        self.servers: list[asyncio.Server] = []
        self.address = str(pod["status"]["podIP"])

    def change(self, pod: Object) -> None:
        """Take over what may change in a running pod."""
        self.object = pod
        self.app.behaviour = self._behaviour()
        self.app.leaving = "deletionTimestamp" in pod["metadata"]
        self.app.answers.clear()

    def _behaviour(self) -> Behaviour:
        return behaviour_of({**self._configured, **_annotations(self.object)})

    def ports(self) -> list[int]:
        """The TCP ports that the pod's containers declare."""
        declared = (port for container in self.object["spec"]["containers"] for port in container.get("ports", []))
        return sorted({int(port["containerPort"]) for port in declared if port.get("protocol", "TCP") == "TCP"})


class Registry:
    """Follows pods and Services.

    `services` gives the Services as they are now; `texts` those of a ConfigMap or Secret by namespace, kind and name;
    `announce` says of a pod that it is answered for; `send_back` has another one made in its place.
    """

    def __init__(
        self,
        services: Callable[[], list[Object]],
        texts: Callable[[str, str, str], Texts | None],
        announce: Tell,
        send_back: Tell,
    ) -> None:
        self._services = services
        self._texts = texts
        self._announce = announce
        self._send_back = send_back
        self._telling: set[asyncio.Future[None]] = set()
        self._pods: dict[str, Pod] = {}
        self._gateway: Identity = NOBODY
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Queue[tuple[str, Object]] = asyncio.Queue()

    def pod_changed(self, kind: str, pod: Object) -> None:
        """Called by the watch, in order."""
        self._work.put_nowait((kind, pod))

    async def run(self) -> None:
        """Handle the changes one after the other: a new pod may have the address of one that has just gone."""
        while True:
            kind, pod = await self._work.get()
            uid = pod["metadata"]["uid"]
            known = self._pods.get(uid)
            if kind == "DELETED" or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
                if known is not None:
                    _close(self._pods.pop(uid))
            elif known is not None:
                known.change(pod)
            elif pod.get("status", {}).get("podIP"):
                await self._add(uid, pod)

    async def _add(self, uid: str, pod: Object) -> None:
        programs = [program_for(container) for container in pod["spec"]["containers"]]
        if any(programs):
            if any(program is not None and program.name == _GATEWAY_PROGRAM for program in programs):
                self._gateway = identity_of(pod)
            return
        made = Pod(pod, await self._configured(pod))
        other = next((one for one in self._pods.values() if one.address == made.address), None)
        if other is not None:
            # kwok gives out an address twice where two pods are a node's first at the same moment (its `ipPool`), and
            # one would answer for the other.
            print(f"{made.app.pod}: {made.address} is that of {other.app.pod}", file=sys.stderr, flush=True)
            self._tell(self._send_back, pod)
            return
        self._pods[uid] = made
        for port in made.ports():
            await self._listen(made, port, lambda: AppConnection(made.app, self._loop))
        await self._listen(made, STATS_PORT, lambda: StatsConnection(lambda: self._text(made), CONTENT_TYPE))
        self._tell(self._announce, pod)

    def _tell(self, tell: Tell, pod: Object) -> None:
        """Beside the work: other pods must not wait for the API server."""
        telling = asyncio.ensure_future(tell(pod))
        self._telling.add(telling)
        telling.add_done_callback(self._telling.discard)

    async def _configured(self, pod: Object) -> Texts:
        if not is_configured(pod):
            return {}
        data = partial(self._texts, pod["metadata"]["namespace"])
        # In a thread: requests to other pods must not wait for the API server.
        return await asyncio.to_thread(configured, pod, data)

    async def _listen(self, pod: Pod, port: int, factory: Callable[[], asyncio.Protocol]) -> None:
        owner = taken_ports().get(port)
        if owner is not None:
            print(f"{pod.app.pod}: port {port} is taken by {owner} on this machine", file=sys.stderr, flush=True)
            return
        try:
            # Shared ports: the gateway may listen on the same one for all addresses, and the exact address wins.
            server = await self._loop.create_server(factory, pod.address, port, reuse_port=True, backlog=512)
        except OSError as error:
            print(f"{pod.app.pod}: port {port} of {pod.address}: {error}", file=sys.stderr, flush=True)
            return
        pod.servers.append(server)

    def _text(self, pod: Pod) -> str:
        destination = Destination(identity_of(pod.object), service_of(pod.object, self._services()))
        return pod.app.metrics.text(destination, self._gateway)


def _annotations(pod: Object) -> dict[str, str]:
    found: dict[str, str] = pod["metadata"].get("annotations") or {}
    return found


def _close(pod: Pod) -> None:
    pod.app.leaving = True
    pod.app.answers.clear()
    for server in pod.servers:
        server.close()
    # A new pod may get the address at once: nobody may go on talking to the old one under it.
    for connection in list(pod.app.connections):
        connection.close_when_idle()
