"""Traffic in CEL: whether routes take no one else's requests."""

from collections.abc import Mapping

from ..canaries import CANARY
from ..expressions import Cel, Said
from ..facts import Kind

_ANY = "['*', '*/*', './*']"
_TAKEN = "takes the requests for every host; name the hosts"


def _hosts(kind: Kind, place: str, name: str) -> Cel:
    return Cel(
        kinds=(kind,),
        broken=f"{place}.orValue([]).transformList(i, h, h in {_ANY}, '{name}[' + string(i) + '] {_TAKEN}')",
    )


CEL: Mapping[str, Said] = {
    "hosts-are-named": (
        _hosts(Kind("networking.istio.io", "VirtualService"), "object.spec.?hosts", "spec.hosts"),
        Cel(
            kinds=(Kind("networking.istio.io", "Gateway"),),
            broken="object.spec.?servers.orValue([]).transformList(i, s, s.?hosts.orValue([]).exists(h, h in "
            f"{_ANY}), 'a host of spec.servers[' + string(i) + '] {_TAKEN}')",
        ),
        Cel(
            kinds=(Kind("networking.k8s.io", "Ingress"),),
            broken=f"object.spec.?rules.orValue([]).transformList(i, r, r.?host.orValue('') in [''] + {_ANY}, "
            f"'spec.rules[' + string(i) + '] {_TAKEN}')",
        ),
        _hosts(Kind("gateway.networking.k8s.io", "HTTPRoute"), "object.spec.?hostnames", "spec.hostnames"),
        _hosts(CANARY, "object.spec.?service.?hosts", "spec.service.hosts"),
    ),
}
