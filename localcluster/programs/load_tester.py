"""Flagger's load tester. Flags: `loadtester -help` of v1.36.1.

The commands that it is sent run in its pod's view of the file system, with the programs of this machine.
"""

from ..checks import answers
from .program import Launch, Place, Program

# The image's, 8080, belongs to the apps here.
_PORT = 18085


def _launch(place: Place) -> Launch:
    return Launch((*place.launch.arguments, f"-port={_PORT}"), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await answers(place.address, _PORT, "/healthz")


PROGRAM = Program(
    name="load-tester",
    tool="load-tester",
    repositories=("fluxcd/flagger-loadtester",),
    port=_PORT,
    taken=(_PORT,),
    launch=_launch,
    ready=_ready,
    moved={8080: _PORT},
)
