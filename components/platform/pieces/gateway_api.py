"""The Gateway API: the kinds of its standard channel. What implements them is the cluster's own."""

from ...manifests.meta import Manifest
from ...spec.cluster import StackSpec
from ..bundle import bundle_of
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages
from ..sources import GATEWAY_API_KINDS, locate
from ..upstream import not_of_kind, of_kind, read_all


def stages(stack: StackSpec) -> Stages:
    """The kinds; then the policy that keeps an older release from replacing them."""
    source = bundle_of(stack).source(GATEWAY_API_KINDS)
    objects: list[Manifest] = read_all(locate(source) / source.paths[0], source.sha256)
    return (of_kind(objects, CLUSTER_DEFINITIONS), not_of_kind(objects, CLUSTER_DEFINITIONS))


PIECE = Piece(
    name="gateway-api",
    token="coalmine:index:GatewayApi",
    serves=("router", "gateway-api"),
    namespaces=lambda _stack: {},
    stages=stages,
    sources=(GATEWAY_API_KINDS,),
)
