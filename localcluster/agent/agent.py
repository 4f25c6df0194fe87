"""Runs the pods of known images as processes and reports them, as a kubelet would."""

import asyncio
import http.client
import json
import os
import shutil
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ..api import STRATEGIC, Api, ApiError, Object, path_of
from ..pieces import Piece, Running, Status
from ..process import MARK
from ..programs import ADDRESSES, Place, Program, program_for
from ..relay import listener_at, serve
from ..state import StateDir
from ..tools import tool_path
from ..watch import Watcher
from .containers import ContainerError, launch_of, program_container
from .status import now, running, status, terminated, waiting
from .volumes import Volumes

_TICK_SECONDS = 0.2
_MOUNTED_PROGRAM = "/coalmine/"


@dataclass
class Slot:
    """A pod that is, or could be, a process.

    Fields: `sent`: the (ready, state) that was reported last; `relays`: from ports of the image to the program's own.
    """

    pod: Object
    program: Program
    address: str
    process: Running | None = None
    problem: str = ""
    sent: tuple[bool, str] = (False, "")
    since: str = field(default_factory=now)
    relays: list[asyncio.Server] = field(default_factory=list)

    @property
    def order(self) -> tuple[str, str]:
        """The oldest pod runs; of two of the same second, the first by name."""
        return (self.pod["metadata"]["creationTimestamp"], self.pod["metadata"]["name"])

    @property
    def workload(self) -> tuple[str, str]:
        """What the pod belongs to: its namespace and service account, which all pods of a Deployment share."""
        return (self.pod["metadata"]["namespace"], self.pod["spec"].get("serviceAccountName", ""))

    @property
    def leaving(self) -> bool:
        """Whether the pod is being deleted."""
        return "deletionTimestamp" in self.pod["metadata"]


class Agent:
    """Follows the pods and keeps one process per program. `start` begins, `ensure` restarts what ended."""

    def __init__(self, state: StateDir, api: Api) -> None:
        self._state = state
        self._api = api
        self._slots: dict[str, Slot] = {}
        self._gone: list[Slot] = []
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the pods."""
        Watcher(self._api, path_of("v1/pods"), self._pod_changed)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End every process."""
        if self._task is not None:
            self._task.cancel()
        await asyncio.gather(*(slot.process.stop() for slot in self._slots.values() if slot.process is not None))

    async def ensure(self) -> None:
        """Start again what ended by itself."""
        for slot in self._slots.values():
            if slot.process is not None and not slot.process.alive:
                slot.process = None
        self._changed.set()

    def statuses(self) -> list[Status]:
        """How every program that a pod asks for is, by name; pods that stand by are left out."""
        found = []
        for name, slot in sorted(self._chosen().items()):
            if slot.process is not None:
                found.append(slot.process.status())
            else:
                found.append(Status(name, "starting", 0, 0.0, slot.program.port, "", slot.problem))
        return found

    def slot_of(self, program: str) -> Slot | None:
        """The pod that runs a program, None when none does."""
        for slot in self._slots.values():
            if slot.program.name == program and slot.process is not None:
                return slot
        return None

    def _pod_changed(self, kind: str, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        slot = self._slots.get(uid)
        if kind == "DELETED":
            if slot is not None:
                self._gone.append(self._slots.pop(uid))
        elif slot is not None:
            slot.pod = pod
        elif pod["spec"].get("nodeName"):
            program = _program_of(pod)
            if program is not None:
                self._slots[uid] = Slot(pod, program, pod.get("status", {}).get("podIP") or self._free_address())
        self._changed.set()

    def _free_address(self) -> str:
        used = {slot.address for slot in self._slots.values()}
        return next(f"{ADDRESSES}{last}" for last in range(1, 255) if f"{ADDRESSES}{last}" not in used)

    async def _run(self) -> None:
        while True:
            try:
                await self._reconcile()
            except (OSError, ApiError, http.client.HTTPException) as error:
                # The API server is being restarted or refuses for now: the next round tries again.
                print(f"agent: {error}", file=sys.stderr, flush=True)
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), _TICK_SECONDS)
            except TimeoutError:
                continue

    async def _reconcile(self) -> None:
        while self._gone:
            await self._end(self._gone.pop())
        for slot in [slot for slot in self._slots.values() if slot.leaving]:
            await self._end(slot)
            place = path_of("v1/pods", slot.pod["metadata"]["namespace"], slot.pod["metadata"]["name"])
            await asyncio.to_thread(self._api.delete, place, gracePeriodSeconds="0")
        chosen = self._chosen()
        for uid in sorted(self._slots):
            # The loop awaits, so that a pod may have gone meanwhile.
            current = self._slots.get(uid)
            if current is not None and not current.leaving:
                await self._attend(current, chosen.get(current.program.name, current))

    async def _attend(self, slot: Slot, chosen: Slot) -> None:
        if chosen is slot and slot.process is None:
            await self._launch(slot)
        await self._report(slot, chosen)

    def _chosen(self) -> dict[str, Slot]:
        chosen: dict[str, Slot] = {}
        for slot in sorted((slot for slot in self._slots.values() if not slot.leaving), key=lambda slot: slot.order):
            chosen.setdefault(slot.program.name, slot)
        return chosen

    async def _launch(self, slot: Slot) -> None:
        try:
            piece = await asyncio.to_thread(self._prepare, slot)
        except ContainerError as error:
            slot.problem = str(error)
            return
        slot.problem = ""
        slot.since = now()
        slot.process = Running(piece, self._state.logs / f"{piece.name}.log")
        await slot.process.start()
        if not slot.relays:
            slot.relays = await _relays(slot)

    def _prepare(self, slot: Slot) -> Piece:
        folder = self._folder(slot)
        volumes = Volumes(self._api, slot.pod, slot.address, folder / "volumes")
        container = program_container(slot.pod)
        binds = volumes.fill(container)
        asked = launch_of(slot.pod, slot.address, volumes.text)
        place = Place(slot.pod, slot.address, asked, lambda name: volumes.text("ConfigMap", name) or {})
        launch = slot.program.launch(place)
        executable = f"{_MOUNTED_PROGRAM}{slot.program.name}"
        root = folder / "root"
        root.mkdir(parents=True, exist_ok=True)
        binds += [(str(tool_path(slot.program.tool).resolve()), executable), (str(self._state.hosts), "/etc/hosts")]
        specification = {
            "root": str(root),
            "binds": binds,
            "files": {**_etc(slot.pod["metadata"]["name"]), **slot.program.files(place)},
            "argv": [executable, *launch.arguments],
            "environment": {**launch.environment, MARK: os.environ[MARK]},
        }
        path = folder / "process.json"
        path.write_text(json.dumps(specification, indent=1))
        argv = (sys.executable, "-I", "-S", str(Path(__file__).with_name("root.py")), str(path))
        return Piece(slot.program.name, argv, partial(slot.program.ready, place), slot.program.port)

    async def _end(self, slot: Slot) -> None:
        if slot.process is not None:
            await slot.process.stop()
            slot.process = None
        for relay in slot.relays:
            relay.close()
        await asyncio.to_thread(shutil.rmtree, self._folder(slot), ignore_errors=True)

    async def _report(self, slot: Slot, chosen: Slot) -> None:
        ready, state = _condition(slot, chosen)
        if slot.sent == (ready, json.dumps(state)):
            return
        body = status(slot.pod, slot.address, slot.address, ready=ready, state=state)
        place = path_of("v1/pods", slot.pod["metadata"]["namespace"], slot.pod["metadata"]["name"])
        try:
            await asyncio.to_thread(self._api.patch, f"{place}/status", {"status": body}, STRATEGIC)
        except ApiError as error:
            if error.status != http.client.NOT_FOUND:
                raise
        slot.sent = (ready, json.dumps(state))

    def _folder(self, slot: Slot) -> Path:
        return self._state.pods / str(slot.pod["metadata"]["uid"])


def _condition(slot: Slot, chosen: Slot) -> tuple[bool, Object]:
    if slot.process is not None:
        if slot.process.alive:
            return slot.process.ready, running(slot.since)
        return False, terminated(slot.process.status().detail)
    if slot.problem:
        return False, waiting("CreateContainerConfigError", slot.problem)
    if chosen is not slot and chosen.workload == slot.workload:
        return True, running(slot.since)
    return False, waiting("Busy", f"this machine runs one {slot.program.name}, that of {'/'.join(chosen.workload)}")


async def _relays(slot: Slot) -> list[asyncio.Server]:
    """Has the pod's own address answer where its image would."""
    return [
        await serve(listener_at(slot.address, port), partial(_place, slot.address, own))
        for port, own in slot.program.moved.items()
    ]


def _place(address: str, port: int) -> tuple[str, int]:
    return address, port


def _program_of(pod: Object) -> Program | None:
    for container in pod["spec"]["containers"]:
        program = program_for(container)
        if program is not None:
            return program
    return None


def _etc(name: str) -> dict[str, str]:
    return {
        "/etc/passwd": "root:x:0:0:root:/:/sbin/nologin\n",
        "/etc/group": "root:x:0:\n",
        "/etc/hostname": f"{name}\n",
        "/etc/nsswitch.conf": "hosts: files\n",
        "/etc/resolv.conf": "",
    }
