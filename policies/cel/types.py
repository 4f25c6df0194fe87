"""Objects in CEL: what the definitions of the kinds say already."""

from collections.abc import Mapping

from ..expressions import NotInCel, Said

CEL: Mapping[str, Said] = {
    "right-types": NotInCel("the API server refuses a field of another type by the kind's definition, before it asks"),
}
