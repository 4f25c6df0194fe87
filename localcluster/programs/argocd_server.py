"""Argo CD's API server, without the pages of its user interface, which the Go module does not hold."""

from .. import argocd
from ..checks import answers
from .program import Launch, Place


def _launch(place: Place) -> Launch:
    own = (f"--port={argocd.API}", f"--metrics-port={argocd.API_METRICS}")
    return argocd.launch(place, *own, f"--repo-server={argocd.repo_server(place)}", f"--redis={argocd.redis(place)}")


async def _ready(place: Place) -> bool:
    plain = place.launch.environment.get("ARGOCD_SERVER_INSECURE") == "true"
    return await answers(place.address, argocd.API, "/healthz", tls=not plain)


PROGRAM = argocd.program(
    "argocd-server",
    argocd.API,
    argocd.API_METRICS,
    launch=_launch,
    ready=_ready,
)
