"""Argo CD's controller of notifications."""

from .. import argocd
from ..checks import accepts
from .program import Launch, Place


def _launch(place: Place) -> Launch:
    own = (f"--metrics-port={argocd.NOTIFICATIONS_METRICS}", f"--argocd-repo-server={argocd.repo_server(place)}")
    return argocd.launch(place, *own)


async def _ready(place: Place) -> bool:
    return await accepts(place.address, argocd.NOTIFICATIONS_METRICS)


PROGRAM = argocd.program(
    "argocd-notifications",
    argocd.NOTIFICATIONS_METRICS,
    launch=_launch,
    ready=_ready,
)
