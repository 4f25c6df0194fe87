"""The Redis of Argo CD: a real Valkey, which speaks the same protocol and takes the same options.

Only of the mirror that Argo CD's manifests name: the Redis of an app is a pod like any other.
"""

from .. import argocd
from ..checks import accepts
from .program import Launch, Place, Program


def _launch(place: Place) -> Launch:
    # The last one counts.
    return Launch((*place.launch.arguments, "--port", str(argocd.REDIS)), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await accepts(place.address, argocd.REDIS)


PROGRAM = Program(
    name="redis",
    tool="valkey",
    repositories=("docker/library/redis",),
    port=argocd.REDIS,
    taken=(argocd.REDIS,),
    launch=_launch,
    ready=_ready,
)
