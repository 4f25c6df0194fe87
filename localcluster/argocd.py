"""Argo CD's parts on one machine: each has ports of its own, and finds the others by the full names of their Services.

Upstream's ports may be those of apps here, and two parts share one: in a cluster every pod has its own address.
Flags: `argocd-… --help` of v3.6.1.
"""

from collections.abc import Awaitable, Callable, Mapping

from .programs.program import Launch, Place, Program

API, API_METRICS = 18100, 18103
REPO, REPO_METRICS = 18101, 18102
CONTROLLER_METRICS = 18104
SETS_METRICS, SETS_PROBE, SETS_WEBHOOK = 18105, 18106, 18107
NOTIFICATIONS_METRICS = 18108
REDIS = 18109


def launch(place: Place, *own: str) -> Launch:
    """What the pod asks for, without the program's name, and more arguments."""
    return Launch((*place.launch.arguments[1:], *own), place.launch.environment)


def program(
    command: str,
    *ports: int,
    launch: Callable[[Place], Launch],
    ready: Callable[[Place], Awaitable[bool]],
    files: Callable[[Place], Mapping[str, str]] = lambda _place: {},
) -> Program:
    """A program of Argo CD, which are one binary under several commands; the first of its ports is the main one."""
    return Program(
        name=command,
        tool="argocd",
        repositories=("argoproj/argocd",),
        command=command,
        port=ports[0],
        taken=ports,
        launch=launch,
        ready=ready,
        files=files,
    )


def repo_server(place: Place) -> str:
    """Where the repository server of the same Argo CD is."""
    return f"argocd-repo-server.{place.namespace}.svc:{REPO}"


def redis(place: Place) -> str:
    """Where the Redis of the same Argo CD is."""
    return f"argocd-redis.{place.namespace}.svc:{REDIS}"
