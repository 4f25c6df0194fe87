"""The Flagger controller. Flags: `flagger -help` of v1.36.1."""

from ..checks import answers
from .program import Launch, Place, Program

# The default, 8080, belongs to the apps here.
_PORT = 18084


def _launch(place: Place) -> Launch:
    own = (f"-port={_PORT}", "-enable-leader-election=false")
    return Launch((*place.launch.arguments, *own), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await answers(place.address, _PORT, "/healthz")


PROGRAM = Program(
    name="flagger",
    tool="flagger",
    repositories=("fluxcd/flagger",),
    port=_PORT,
    taken=(_PORT,),
    launch=_launch,
    ready=_ready,
    # Prometheus asks for its metrics where the image has them.
    moved={8080: _PORT},
)
