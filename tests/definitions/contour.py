"""Contour: HTTPProxy."""

from components.platform.sources import Source
from components.releases import CONTOUR

_PATH = "examples/contour/01-crds.yaml"

SOURCE = Source(
    name="contour",
    module=CONTOUR,
    paths=(_PATH,),
    url=f"https://raw.githubusercontent.com/projectcontour/contour/{CONTOUR.version}/{_PATH}",
    sha256="c02ed88146211c84edcafb718191f403ab35d8a9c6593bdc244338d20e8461b2",
)
