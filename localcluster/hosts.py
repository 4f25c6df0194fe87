"""Service names of the cluster in the namespace's own /etc/hosts, kept in step with the Services."""

from pathlib import Path

from .api import Api, Object, path_of
from .watch import Watcher

_FIXED = "127.0.0.1 localhost\n::1 localhost\n"


class Hosts:
    """Keeps the file. Fields: `path`: the file, which is mounted over /etc/hosts and so must be rewritten in place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._watcher: Watcher | None = None
        self._write({})

    def follow(self, api: Api) -> None:
        """Begin to follow the Services."""
        self._watcher = Watcher(api, path_of("v1/services"), self._changed)

    @property
    def services(self) -> list[Object]:
        """The Services as they are now."""
        return list(self._watcher.objects.values()) if self._watcher is not None else []

    def _changed(self, _kind: str, _service: Object) -> None:
        if self._watcher is not None:
            self._write(self._watcher.objects)

    def _write(self, services: dict[str, Object]) -> None:
        # In place: other mount namespaces hold this very file.
        with self._path.open("r+" if self._path.exists() else "w") as file:
            file.write(text(list(services.values())))
            file.truncate()


def text(services: list[Object]) -> str:
    """The file's content: every Service with an address, under the names that cluster DNS gives it."""
    lines = []
    for service in services:
        address = service["spec"].get("clusterIP", "None")
        if address not in ("None", ""):
            name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
            names = (f"{name}.{namespace}.svc.cluster.local", f"{name}.{namespace}.svc", f"{name}.{namespace}")
            lines.append(f"{address} {' '.join(names)}\n")
    return _FIXED + "".join(sorted(lines))
