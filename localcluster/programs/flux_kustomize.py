"""Flux's kustomize-controller. Flags: `kustomize-controller --help` of v1.9.5."""

from ..checks import answers
from .program import Launch, Place, Program

# The default of the metrics, 8080, belongs to the apps here.
_METRICS = 18085
_HEALTH = 18086


def _launch(place: Place) -> Launch:
    own = (f"--metrics-addr=:{_METRICS}", f"--health-addr=:{_HEALTH}", "--enable-leader-election=false")
    return Launch((*place.launch.arguments, *own), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await answers(place.address, _HEALTH, "/readyz")


PROGRAM = Program(
    name="flux-kustomize",
    tool="kustomize-controller",
    repositories=("fluxcd/kustomize-controller",),
    port=_METRICS,
    taken=(_METRICS, _HEALTH),
    launch=_launch,
    ready=_ready,
)
