"""Prometheus, with the very configuration of the pod's ConfigMap and the rights of the pod's ServiceAccount."""

from ..checks import answers
from .program import Launch, Place, Program

PORT = 9090


def _launch(place: Place) -> Launch:
    return place.launch


async def _ready(place: Place) -> bool:
    return await answers(place.address, PORT, "/-/ready")


PROGRAM = Program(
    name="prometheus",
    tool="prometheus",
    repositories=("prometheus/prometheus", "prom/prometheus"),
    port=PORT,
    taken=(PORT,),
    launch=_launch,
    ready=_ready,
)
