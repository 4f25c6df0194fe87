"""Which Service addresses are relayed, and where to."""

from localcluster.api import Object
from localcluster.pods.services import relayed

from .pods import service

ADDRESS = "10.96.0.9"


def endpoints(*addresses: str, port: int = 8080, port_name: str = "http", ready: bool = True) -> Object:
    """An EndpointSlice of the Service `shop`."""
    return {
        "metadata": {"namespace": "store", "labels": {"kubernetes.io/service-name": "shop"}},
        "ports": [{"name": port_name, "port": port}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": ready}} for address in addresses],
    }


def shop(port: int = 80, name: str = "http", address: str = ADDRESS) -> Object:
    """The Service `shop`."""
    return service("shop", "", {"app": "shop"}, clusterIP=address, ports=[{"name": name, "port": port}])


def test_a_service_leads_to_its_ready_endpoints() -> None:
    slices = [endpoints("10.244.0.2", "10.244.0.1"), endpoints("10.244.0.3", ready=False)]
    assert relayed([shop()], slices) == {(ADDRESS, 80): (("10.244.0.1", 8080), ("10.244.0.2", 8080))}


def test_ports_are_told_apart_by_name() -> None:
    slices = [endpoints("10.244.0.1"), endpoints("10.244.0.1", port=9000, port_name="grpc")]
    assert relayed([shop(name="grpc")], slices) == {(ADDRESS, 80): (("10.244.0.1", 9000),)}


def test_services_without_address_or_endpoints_are_left_out() -> None:
    assert relayed([shop(address="None")], [endpoints("10.244.0.1")]) == {}
    assert relayed([shop()], []) == {}
    assert relayed([shop()], [endpoints("10.244.0.1", ready=False)]) == {}


def test_programs_answer_at_their_services_addresses_themselves() -> None:
    assert relayed([shop(port=9999)], [endpoints("10.244.250.1", port=9999)]) == {}
    assert relayed([shop(port=443)], [endpoints("10.244.250.1", port=15017)]) == {
        (ADDRESS, 443): (("10.244.250.1", 15017),)
    }


def test_ports_of_programs_are_never_taken_from_them() -> None:
    assert relayed([shop(port=9090)], [endpoints("10.244.0.1")]) == {}
