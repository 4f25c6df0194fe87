"""The Argo Rollouts controller. Flags: `rollouts-controller --help` of v1.9.3."""

from ..checks import answers
from .program import Launch, Place, Program

# The default, 8080, belongs to the apps here.
_HEALTH = 18080
_METRICS = 8090


def _launch(place: Place) -> Launch:
    own = (f"--healthzPort={_HEALTH}", "--leader-elect=false")
    return Launch((*place.launch.arguments, *own), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await answers(place.address, _HEALTH, "/healthz") and await answers(place.address, _METRICS, "/metrics")


PROGRAM = Program(
    name="argo-rollouts",
    tool="argo-rollouts",
    repositories=("argoproj/argo-rollouts",),
    port=_METRICS,
    taken=(_HEALTH, _METRICS),
    launch=_launch,
    ready=_ready,
)
