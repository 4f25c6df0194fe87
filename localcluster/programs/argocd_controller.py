"""Argo CD's application controller: compares Git with the cluster and applies the difference."""

from .. import argocd
from ..checks import answers
from .program import Launch, Place, Program


def _launch(place: Place) -> Launch:
    own = (f"--metrics-port={argocd.CONTROLLER_METRICS}", f"--repo-server={argocd.repo_server(place)}")
    return argocd.launch(place, *own, f"--redis={argocd.redis(place)}")


async def _ready(place: Place) -> bool:
    return await answers(place.address, argocd.CONTROLLER_METRICS, "/healthz")


PROGRAM = Program(
    name="argocd-application-controller",
    tool="argocd",
    repositories=("argoproj/argocd",),
    command="argocd-application-controller",
    port=argocd.CONTROLLER_METRICS,
    taken=(argocd.CONTROLLER_METRICS,),
    launch=_launch,
    ready=_ready,
)
