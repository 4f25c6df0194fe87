"""The Gateway API: HTTPRoute, of the standard channel."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="gateway-api", path="sigs.k8s.io/gateway-api", version="v1.6.0", build_seconds=0)
_PATH = "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"

SOURCE = Source(
    name="gateway-api",
    module=_MODULE,
    paths=(_PATH,),
    url=f"https://raw.githubusercontent.com/kubernetes-sigs/gateway-api/{_MODULE.version}/{_PATH}",
    sha256="8c05f321e53b5df6aa4bdbf622a01db9c331f26d7b9723b0fc47001c1341858a",
)
