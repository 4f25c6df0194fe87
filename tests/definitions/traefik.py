"""Traefik 3: IngressRoute, TraefikService, Middleware."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="traefik", path="github.com/traefik/traefik/v3", version="v3.5.0", build_seconds=0)
_PATH = "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"

SOURCE = Source(
    name="traefik",
    module=_MODULE,
    paths=(_PATH,),
    url=f"https://raw.githubusercontent.com/traefik/traefik/{_MODULE.version}/{_PATH}",
    sha256="77cb52154221904ceecaffd4af8f01ee2fa0f147b2ed5681a20a9bb718c16f9c",
)
