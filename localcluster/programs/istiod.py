"""Istio's control plane. Flags and settings: pilot-discovery of the pinned commit.

Plain Envoy lacks the filters of Istio's own build (metadata exchange, ALPN, metrics) and no pod has a sidecar that
could speak mutual TLS, so these are turned off here, in the mesh configuration that the pod would mount.
"""

import yaml

from ..checks import answers
from ..pods.identity import CLUSTER
from .program import Launch, Place, Program

PORT = 15010
"""The discovery service without TLS."""

# The default, 8080, belongs to the apps here.
_HTTP = 18082
_MESH_FILE = "/etc/istio/config/mesh"
_LOCAL_MESH = {"enableAutoMtls": False, "defaultProviders": {"metrics": []}}
_ENVIRONMENT = {
    # Of another cluster's gateway it would not know which Service selects it.
    "CLUSTER_ID": CLUSTER,
    "PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "PILOT_ENABLE_ALPN_FILTER": "false",
}


def _launch(place: Place) -> Launch:
    return Launch(
        (*place.launch.arguments, f"--httpAddr=:{_HTTP}"),
        {**place.launch.environment, **_ENVIRONMENT},
    )


async def _ready(place: Place) -> bool:
    return await answers(place.address, _HTTP, "/ready")


def _files(place: Place) -> dict[str, str]:
    revision = place.launch.environment.get("REVISION", "default")
    name = "istio" if revision in ("", "default") else f"istio-{revision}"
    mesh = yaml.safe_load(place.read(name).get("mesh", "")) or {}
    return {_MESH_FILE: yaml.safe_dump({**mesh, **_LOCAL_MESH})}


PROGRAM = Program(
    name="istiod",
    tool="istiod",
    repositories=("istio/pilot",),
    port=PORT,
    taken=(PORT, 15012, 15014, 15017, _HTTP),
    launch=_launch,
    ready=_ready,
    files=_files,
)
