"""The Gateway API: every kind of the standard channel."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="gateway-api", path="sigs.k8s.io/gateway-api", version="v1.6.0", build_seconds=0)

SOURCE = Source(
    name="gateway-api-standard",
    module=_MODULE,
    paths=("config/crd/standard",),
    url=f"https://github.com/kubernetes-sigs/gateway-api/archive/refs/tags/{_MODULE.version}.tar.gz",
    sha256="0c082a9ecc06ce5fe7d26958a42bcac79ab273adedb021bbe7c202011f135c35",
)
