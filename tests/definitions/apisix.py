"""APISIX: ApisixRoute."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="apisix", path="github.com/apache/apisix-ingress-controller", version="v1.8.4", build_seconds=0)
_PATH = "samples/deploy/crd/v1/ApisixRoute.yaml"

SOURCE = Source(
    name="apisix",
    module=_MODULE,
    paths=(_PATH,),
    url=f"https://raw.githubusercontent.com/apache/apisix-ingress-controller/{_MODULE.version}/{_PATH}",
    sha256="fe97ba3cef1c5efaaaee587ffff34d054a57168e7f17d2100ba71eadb710eb84",
)
