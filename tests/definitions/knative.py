"""Knative Serving: the Service that runs pods, and DomainMapping."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="knative", path="knative.dev/serving", version="v0.44.0", build_seconds=0)

SOURCE = Source(
    name="knative",
    module=_MODULE,
    paths=("config/core/300-resources/domain-mapping.yaml", "config/core/300-resources/service.yaml"),
    url=f"https://github.com/knative/serving/archive/refs/tags/{_MODULE.version}.tar.gz",
    sha256="549186eed3a3d9e1beb4b738092aba39b4b8770d3bd2c910047b24e3322a855b",
)
