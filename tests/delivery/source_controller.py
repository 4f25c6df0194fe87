"""A stand-in for Flux's source-controller, for tests alone: it gives out the commits of one local Git repository.

The real one cannot be built where these tests run. `python -m tests.delivery.source_controller PORT REPOSITORY FOLDER`
runs inside the cluster's network. For every GitRepository, whatever its address, it looks at the repository's branch,
packs each new commit into the folder as the real one would, serves it there, and says so in the object's status. Its
log is a line for each artifact. It ends with its standard input.
"""

import functools
import hashlib
import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

from localcluster.api import Api, ApiError, Object, open_api, path_of

REPOSITORIES = "source.toolkit.fluxcd.io/v1/gitrepositories"
_LOOK_SECONDS = 0.3


class SourceController:
    """Fields: `api`; `repository`: the local one; `folder`: of the artifacts; `address`: where they are served."""

    def __init__(self, api: Api, repository: Path, folder: Path, address: str) -> None:
        self._api = api
        self._repository = repository
        self._folder = folder
        self._address = address

    def look(self) -> None:
        """Brings the status of every GitRepository up to date."""
        for item in self._api.items(path_of(REPOSITORIES)):
            branch = item["spec"]["ref"]["branch"]
            commit = self._git("rev-parse", f"refs/heads/{branch}").decode().strip()
            revision = f"{branch}@sha1:{commit}"
            known = item.get("status", {})
            if known.get("artifact", {}).get("revision") != revision or _is_older(known, item):
                self._tell(item, self._artifact(item, commit, revision))

    def _artifact(self, item: Object, commit: str, revision: str) -> Object:
        metadata = item["metadata"]
        place = f"gitrepository/{metadata['namespace']}/{metadata['name']}/{commit}.tar.gz"
        content = _packed(self._git("archive", "--format=tar", commit))
        (self._folder / place).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / place).write_bytes(content)
        print(f"{metadata['namespace']}/{metadata['name']}: {revision}", flush=True)
        return {
            "path": place,
            "url": f"{self._address}/{place}",
            "revision": revision,
            "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "size": len(content),
            "lastUpdateTime": _now(),
        }

    def _tell(self, item: Object, artifact: Object) -> None:
        metadata = item["metadata"]
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": f"stored artifact for revision '{artifact['revision']}'",
            "lastTransitionTime": _now(),
            "observedGeneration": metadata["generation"],
        }
        status = {"observedGeneration": metadata["generation"], "artifact": artifact, "conditions": [ready]}
        path = path_of(REPOSITORIES, metadata["namespace"], metadata["name"])
        self._api.patch(f"{path}/status", {"status": status})

    def _git(self, *arguments: str) -> bytes:
        return subprocess.run(["git", "-C", str(self._repository), *arguments], check=True, capture_output=True).stdout


def _is_older(status: Object, item: Object) -> bool:
    return bool(status.get("observedGeneration") != item["metadata"]["generation"])


def _packed(archive: bytes) -> bytes:
    """Git's archive as Flux takes it: without the header that holds the commit's id."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as given, tarfile.open(fileobj=packed, mode="w:gz") as made:
        for member in given:
            member.pax_headers = {}
            made.addfile(member, given.extractfile(member) if member.isfile() else None)
    return packed.getvalue()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """The log is of artifacts."""


def main() -> None:
    """Look and serve until standard input is closed."""
    port, repository, folder = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    controller = SourceController(
        open_api(Path(os.environ["KUBECONFIG"])), repository, folder, f"http://127.0.0.1:{port}"
    )
    while not ended.wait(_LOOK_SECONDS):
        try:
            controller.look()
        except (ApiError, OSError, subprocess.CalledProcessError) as error:
            print(f"source-controller: {error}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
