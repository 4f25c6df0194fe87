"""Contour: HTTPProxy."""

from components.platform.sources import Source
from components.releases import GoModule

_MODULE = GoModule(name="contour", path="github.com/projectcontour/contour", version="v1.33.8", build_seconds=0)
_PATH = "examples/contour/01-crds.yaml"

SOURCE = Source(
    name="contour",
    module=_MODULE,
    paths=(_PATH,),
    url=f"https://raw.githubusercontent.com/projectcontour/contour/{_MODULE.version}/{_PATH}",
    sha256="c02ed88146211c84edcafb718191f403ab35d8a9c6593bdc244338d20e8461b2",
)
