"""Entry point of `python -m localcluster.pods KUBECONFIG`, run by the supervisor inside the namespace."""

import asyncio
import gc
import sys
from functools import partial
from pathlib import Path

from ..agent.volumes import text_of
from ..api import Object, open_api, path_of
from ..watch import Watcher
from .announcement import announce, send_back
from .control import PORT
from .registry import Registry
from .services import Services


async def run(kubeconfig: Path) -> None:
    """Answer for the pods until the process is ended."""
    api = open_api(kubeconfig)
    proxy = Services()
    proxying = asyncio.create_task(proxy.run())

    def changed(_kind: str, _item: Object) -> None:
        proxy.changed(services.objects.values(), slices.objects.values())

    slices = Watcher(api, path_of("discovery.k8s.io/v1/endpointslices"), changed)
    services = Watcher(api, path_of("v1/services"), changed)
    await services.synced.wait()
    registry = Registry(
        lambda: list(services.objects.values()),
        partial(text_of, api),
        partial(announce, api),
        partial(send_back, api),
    )
    pods = Watcher(api, path_of("v1/pods"), registry.pod_changed)
    await pods.synced.wait()
    # What was made so far stays: looking through it again and again would only delay answers.
    gc.freeze()
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", PORT)
    async with server:
        await asyncio.gather(registry.run(), proxying)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1])))
