"""Contour's data plane: plain Envoy that Contour configures.

The bootstrap configuration is the one that `contour bootstrap` writes (internal/envoy/v3/bootstrap.go of v1.33.8), but
for TLS and for the admin interface, which listens on a port as the other gateway's does.
"""

import json

from ..api import Object
from ..checks import answers
from ..envoy import address, arguments, control_plane, endpoint
from . import contour
from .program import Launch, Place, Program

ADMIN_PORT = 15100
"""Of Envoy's admin interface, on 127.0.0.1."""

_CONFIG = "/config/envoy.json"
_CONTOUR = "contour"
_ADMIN = "envoy-admin"
"""The cluster that Contour's listener for metrics sends scrapes to."""


def _launch(place: Place) -> Launch:
    return Launch(arguments(_CONFIG), {})


async def _ready(place: Place) -> bool:
    return await answers("127.0.0.1", ADMIN_PORT, "/ready") and await answers(
        place.address, contour.STATS_PORT, "/ready"
    )


def _files(place: Place) -> dict[str, str]:
    return {_CONFIG: json.dumps(bootstrap(place), indent=1)}


def bootstrap(place: Place) -> Object:
    """Envoy's bootstrap configuration for a pod in Contour's namespace."""
    grpc = {"envoy_grpc": {"cluster_name": _CONTOUR, "authority": _CONTOUR}}
    asked = {"api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [grpc]}
    source = {"api_config_source": asked, "resource_api_version": "V3"}
    admin = address("127.0.0.1", ADMIN_PORT)
    contour_cluster = control_plane(_CONTOUR, f"{_CONTOUR}.{place.namespace}.svc", contour.PORT)
    admin_cluster = {"name": _ADMIN, "type": "STATIC", "connect_timeout": "0.25s", **endpoint(_ADMIN, admin)}
    return {
        "node": {"id": place.name, "cluster": place.namespace},
        "admin": {"address": admin},
        "dynamic_resources": {"lds_config": source, "cds_config": source},
        "static_resources": {"clusters": [contour_cluster, admin_cluster]},
        "default_regex_engine": {
            "name": "envoy.regex_engines.google_re2",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.regex_engines.v3.GoogleRE2"},
        },
    }


PROGRAM = Program(
    name="contour-envoy",
    tool="envoy",
    repositories=("envoyproxy/envoy",),
    port=ADMIN_PORT,
    launch=_launch,
    ready=_ready,
    files=_files,
)
