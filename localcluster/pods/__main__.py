"""Entry point of `python -m localcluster.pods KUBECONFIG`, run by the supervisor inside the namespace."""

import asyncio
import gc
import sys
from pathlib import Path

from ..api import Api, path_of
from ..watch import Watcher
from .control import PORT
from .registry import Registry


async def run(kubeconfig: Path) -> None:
    """Answer for the pods until the process is ended."""
    api = Api.from_kubeconfig(kubeconfig)
    services = Watcher(api, path_of("v1/services"), lambda kind, service: None)
    await services.synced.wait()
    registry = Registry(lambda: list(services.objects.values()))
    pods = Watcher(api, path_of("v1/pods"), registry.pod_changed)
    await pods.synced.wait()
    # What was made so far stays: looking through it again and again would only delay answers.
    gc.freeze()
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", PORT)
    async with server:
        await registry.run()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
