"""Following a collection of the API server from an asyncio program."""

import asyncio
import http.client
import threading
from collections.abc import Callable

from .api import Api, ApiError, Event, Object

_RETRY_SECONDS = 0.2


class Watcher:
    """Holds the objects of one collection, kept up to date by a thread.

    Fields: `objects`: by uid; `synced`: set once the first list is complete. Changes are made, and `changed` is called
    with ADDED, MODIFIED or DELETED and the object, in the event loop only.
    """

    def __init__(self, api: Api, path: str, changed: Callable[[str, Object], None], **query: str) -> None:
        self.objects: dict[str, Object] = {}
        self.synced = asyncio.Event()
        self._api = api
        self._path = path
        self._query = query
        self._changed = changed
        self._loop = asyncio.get_running_loop()
        self._fresh: dict[str, Object] | None = None
        threading.Thread(target=self._follow, name=f"watch {path}", daemon=True).start()

    def _follow(self) -> None:
        pause = threading.Event()
        while not self._loop.is_closed():
            try:
                self._deliver(Event("LISTING", {}))
                for event in self._api.watch(self._path, self._query):
                    self._deliver(event)
            except (OSError, ApiError, http.client.HTTPException, ValueError):
                # The API server may be starting or restarting; the next list repairs everything.
                pause.wait(_RETRY_SECONDS)

    def _deliver(self, event: Event) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._receive, event)

    def _receive(self, event: Event) -> None:
        if event.type == "LISTING":
            self._fresh = {}
        elif event.type == "SYNCED":
            self._replace()
            self.synced.set()
        elif self._fresh is not None:
            self._fresh[event.object["metadata"]["uid"]] = event.object
        else:
            self._change(event.type, event.object)

    def _replace(self) -> None:
        fresh, self._fresh = self._fresh or {}, None
        for uid in [uid for uid in self.objects if uid not in fresh]:
            self._change("DELETED", self.objects[uid])
        for uid, item in fresh.items():
            held = self.objects.get(uid)
            if held is None:
                self._change("ADDED", item)
            elif held["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
                self._change("MODIFIED", item)

    def _change(self, kind: str, item: Object) -> None:
        uid = item["metadata"]["uid"]
        if kind == "DELETED":
            self.objects.pop(uid, None)
        else:
            self.objects[uid] = item
        self._changed(kind, item)
