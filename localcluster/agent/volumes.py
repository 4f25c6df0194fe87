"""The volumes of a pod that runs as a process, as folders that are mounted where the pod wants them."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path

from ..api import Api, Object, path_of
from ..state import write_private
from .containers import ContainerError, field_of

_Fill = Callable[["Volumes", Object], dict[str, bytes]]


def data_of(api: Api, namespace: str, kind: str, name: str) -> dict[str, bytes] | None:
    """The content of a ConfigMap or Secret, None when it does not exist."""
    plural = {"ConfigMap": "v1/configmaps", "Secret": "v1/secrets"}[kind]
    found = api.find(path_of(plural, namespace, name))
    if found is None:
        return None
    if kind == "Secret":
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    plain = {key: value.encode() for key, value in (found.get("data") or {}).items()}
    return plain | {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}


def text_of(api: Api, namespace: str, kind: str, name: str) -> Mapping[str, str] | None:
    """The same as text."""
    found = data_of(api, namespace, kind, name)
    return None if found is None else {key: value.decode(errors="replace") for key, value in found.items()}


class Volumes:
    """Fills the volumes of one pod. Fields: `api`: the kubelet's client; `pod`; `address`; `folder`: where they go."""

    def __init__(self, api: Api, pod: Object, address: str, folder: Path) -> None:
        self._api = api
        self._pod = pod
        self._address = address
        self._folder = folder

    def fill(self, container: Object) -> list[tuple[str, str]]:
        """Write every volume that the container mounts. Returns (source, mount path) pairs, outer paths first."""
        volumes = {volume["name"]: volume for volume in self._pod["spec"].get("volumes", [])}
        binds = []
        for mount in container.get("volumeMounts", []):
            folder = self._write(volumes[mount["name"]])
            source = folder / mount["subPath"] if mount.get("subPath") else folder
            if not source.exists():
                source.mkdir(parents=True)
            binds.append((str(source), mount["mountPath"].rstrip("/")))
        return sorted(binds, key=lambda bind: bind[1])

    def data(self, kind: str, name: str) -> dict[str, bytes] | None:
        """The content of a ConfigMap or Secret of the pod's namespace, None when it does not exist."""
        return data_of(self._api, self._pod["metadata"]["namespace"], kind, name)

    def text(self, kind: str, name: str) -> Mapping[str, str] | None:
        """The same as text."""
        return text_of(self._api, self._pod["metadata"]["namespace"], kind, name)

    def _write(self, volume: Object) -> Path:
        folder = self._folder / str(volume["name"])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in self._content(volume).items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            write_private(target, content.decode("utf-8", "surrogateescape"))
        return folder

    def _content(self, volume: Object) -> dict[str, bytes]:
        for kind in sorted(_KINDS.keys() & volume.keys()):
            return _KINDS[kind](self, volume[kind])
        kinds = ", ".join(sorted(volume.keys() - {"name"}))
        raise ContainerError(f"volume {volume['name']!r} of kind {kinds} cannot be mounted on this machine")

    def _projected(self, source: Object) -> dict[str, bytes]:
        content: dict[str, bytes] = {}
        for entry in source.get("sources", []):
            content |= self._content({"name": "projected", **entry})
        return content

    def _token(self, source: Object) -> dict[str, bytes]:
        metadata, spec = self._pod["metadata"], self._pod["spec"]
        wanted: Object = {
            "expirationSeconds": source.get("expirationSeconds", 3600),
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": metadata["name"], "uid": metadata["uid"]},
        }
        if source.get("audience"):
            wanted["audiences"] = [source["audience"]]
        account = path_of("v1/serviceaccounts", metadata["namespace"], spec.get("serviceAccountName", "default"))
        answer = self._api.create(f"{account}/token", {"spec": wanted})
        return {source["path"]: answer["status"]["token"].encode()}

    def _downward(self, source: Object) -> dict[str, bytes]:
        items = source.get("items", [])
        return {
            item["path"]: field_of(self._pod, item["fieldRef"]["fieldPath"], self._address).encode()
            for item in items
            if "fieldRef" in item
        }

    def _config_map(self, source: Object) -> dict[str, bytes]:
        return self._keys("ConfigMap", source["name"], source)

    def _secret(self, source: Object) -> dict[str, bytes]:
        return self._keys("Secret", source.get("secretName") or source["name"], source)

    def _empty(self, _source: Object) -> dict[str, bytes]:
        return {}

    def _keys(self, kind: str, name: str, source: Object) -> dict[str, bytes]:
        found = self.data(kind, name)
        if found is None:
            if source.get("optional"):
                return {}
            raise ContainerError(f"{kind} {name!r} is missing")
        items = source.get("items")
        if not items:
            return found
        missing = [item["key"] for item in items if item["key"] not in found]
        if missing and not source.get("optional"):
            raise ContainerError(f"{kind} {name!r} has no key {missing[0]!r}")
        return {item["path"]: found[item["key"]] for item in items if item["key"] in found}


_KINDS: dict[str, _Fill] = {
    "configMap": Volumes._config_map,
    "downwardAPI": Volumes._downward,
    "emptyDir": Volumes._empty,
    "projected": Volumes._projected,
    "secret": Volumes._secret,
    "serviceAccountToken": Volumes._token,
}
