"""Contour's control plane. Flags: `contour serve --help` of v1.33.8.

Every port that it and its Envoy would take by default may be one of an app here, so they are given others; and nothing
is encrypted between the two, which share one machine.
"""

from ..checks import answers
from .program import Launch, Place, Program

PORT = 18001
"""The discovery service without TLS."""
HTTP_PORT = 18003
"""Where its Envoy takes plain HTTP."""
STATS_PORT = 18002
"""Where its Envoy shows its metrics."""

_HEALTH = 18000
_HTTPS = 18004
_DEBUG = 18060

_OWN = (
    "--insecure",
    "--xds-address=0.0.0.0",
    f"--xds-port={PORT}",
    f"--http-port={_HEALTH}",
    f"--health-port={_HEALTH}",
    f"--debug-http-port={_DEBUG}",
    f"--envoy-service-http-port={HTTP_PORT}",
    f"--envoy-service-https-port={_HTTPS}",
    f"--stats-port={STATS_PORT}",
)


def _launch(place: Place) -> Launch:
    return Launch((*place.launch.arguments, *_OWN), place.launch.environment)


async def _ready(place: Place) -> bool:
    return await answers(place.address, _HEALTH, "/healthz")


PROGRAM = Program(
    name="contour",
    tool="contour",
    repositories=("projectcontour/contour",),
    port=PORT,
    taken=(PORT, HTTP_PORT, STATS_PORT, _HEALTH, _HTTPS, _DEBUG),
    launch=_launch,
    ready=_ready,
)
