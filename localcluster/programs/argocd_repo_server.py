"""Argo CD's repository server: reads Git with the machine's own `git`."""

from dataclasses import replace

from .. import argocd
from ..checks import answers
from .program import Launch, Place

_SCRIPTS = "/app/bin"
# Its image has a script that asks gpg about every commit; of one without a signature it says nothing.
_VERIFY = "#!/bin/sh\n"
_ENVIRONMENT = {
    # Signed commits are not asked for, and the machine may have no gpg.
    "ARGOCD_GPG_ENABLED": "false",
}


def _launch(place: Place) -> Launch:
    own = (f"--port={argocd.REPO}", f"--metrics-port={argocd.REPO_METRICS}", f"--redis={argocd.redis(place)}")
    launch = argocd.launch(place, *own)
    path = f"{_SCRIPTS}:{launch.environment.get('PATH', '/usr/bin:/bin')}"
    return replace(launch, environment={**launch.environment, **_ENVIRONMENT, "PATH": path})


async def _ready(place: Place) -> bool:
    return await answers(place.address, argocd.REPO_METRICS, "/healthz")


def _files(_place: Place) -> dict[str, str]:
    return {f"{_SCRIPTS}/git-verify-wrapper.sh": _VERIFY}


PROGRAM = argocd.program(
    "argocd-repo-server",
    argocd.REPO,
    argocd.REPO_METRICS,
    launch=_launch,
    ready=_ready,
    files=_files,
)
