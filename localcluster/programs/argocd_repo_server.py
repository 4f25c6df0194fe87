"""Argo CD's repository server: reads Git with the machine's own `git`."""

from dataclasses import replace

from .. import argocd
from ..checks import answers
from .program import Launch, Place, Program

_ENVIRONMENT = {
    # Signed commits are not asked for, and the machine may have no gpg.
    "ARGOCD_GPG_ENABLED": "false",
}


def _launch(place: Place) -> Launch:
    own = (f"--port={argocd.REPO}", f"--metrics-port={argocd.REPO_METRICS}", f"--redis={argocd.redis(place)}")
    launch = argocd.launch(place, *own)
    return replace(launch, environment={**launch.environment, **_ENVIRONMENT})


async def _ready(place: Place) -> bool:
    return await answers(place.address, argocd.REPO_METRICS, "/healthz")


PROGRAM = Program(
    name="argocd-repo-server",
    tool="argocd",
    repositories=("argoproj/argocd",),
    command="argocd-repo-server",
    port=argocd.REPO,
    taken=(argocd.REPO, argocd.REPO_METRICS),
    launch=_launch,
    ready=_ready,
)
