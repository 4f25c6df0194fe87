"""Argo CD's application controller: compares Git with the cluster and applies the difference."""

from .. import argocd
from ..checks import answers
from .program import Launch, Place


def _launch(place: Place) -> Launch:
    own = (f"--metrics-port={argocd.CONTROLLER_METRICS}", f"--repo-server={argocd.repo_server(place)}")
    return argocd.launch(place, *own, f"--redis={argocd.redis(place)}")


async def _ready(place: Place) -> bool:
    return await answers(place.address, argocd.CONTROLLER_METRICS, "/healthz")


PROGRAM = argocd.program(
    "argocd-application-controller",
    argocd.CONTROLLER_METRICS,
    launch=_launch,
    ready=_ready,
)
