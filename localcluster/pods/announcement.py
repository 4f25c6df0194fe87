"""Says of a pod that somebody listens for it, which makes it Ready (localcluster/kwok.py), or has another one made."""

import asyncio
import http.client
from collections.abc import Callable

from ..api import Api, ApiError, Object, path_of
from ..kwok import LISTENING

_RETRY_SECONDS = 0.2


async def announce(api: Api, pod: Object) -> None:
    """Annotates a pod with its address; tries again until the API server has taken it, or the pod is gone."""
    metadata, address = pod["metadata"], pod["status"]["podIP"]
    if (metadata.get("annotations") or {}).get(LISTENING) == address:
        return
    path = path_of("v1/pods", metadata["namespace"], metadata["name"])
    # Of another pod of this name the API server would say that it is in conflict.
    change = {"metadata": {"uid": metadata["uid"], "annotations": {LISTENING: address}}}
    await _until_settled(lambda: api.patch(path, change))


async def send_back(api: Api, pod: Object) -> None:
    """Deletes a pod, so that its controller makes another one."""
    metadata = pod["metadata"]
    path = path_of("v1/pods", metadata["namespace"], metadata["name"])
    only_this = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": metadata["uid"]}}
    await _until_settled(lambda: api.request("DELETE", path, only_this))


async def _until_settled(request: Callable[[], object]) -> None:
    while not await asyncio.to_thread(_is_settled, request):
        await asyncio.sleep(_RETRY_SECONDS)


def _is_settled(request: Callable[[], object]) -> bool:
    try:
        request()
    except ApiError as error:
        return error.status in (http.client.NOT_FOUND, http.client.CONFLICT)
    except (OSError, http.client.HTTPException):
        # The API server may be starting or restarting.
        return False
    return True
