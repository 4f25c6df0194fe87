"""Argo CD's controller of ApplicationSets."""

from .. import argocd
from ..checks import answers
from .program import Launch, Place


def _launch(place: Place) -> Launch:
    return argocd.launch(
        place,
        f"--metrics-addr=:{argocd.SETS_METRICS}",
        f"--probe-addr=:{argocd.SETS_PROBE}",
        f"--webhook-addr=:{argocd.SETS_WEBHOOK}",
        f"--argocd-repo-server={argocd.repo_server(place)}",
    )


async def _ready(place: Place) -> bool:
    return await answers(place.address, argocd.SETS_METRICS, "/metrics")


PROGRAM = argocd.program(
    "argocd-applicationset-controller",
    argocd.SETS_METRICS,
    argocd.SETS_PROBE,
    argocd.SETS_WEBHOOK,
    launch=_launch,
    ready=_ready,
)
