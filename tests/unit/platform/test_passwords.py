"""Generated passwords: made once each, kept until their rotation changes, secret wherever the engine sees them."""

from typing import Any

import pulumi
from pulumi.runtime.rpc import is_rpc_secret, unwrap_rpc_secret

from components.manifests.generated import Password, filled
from components.manifests.meta import Manifest
from components.passwords import with_passwords
from components.platform.pieces import grafana
from components.resources import Rules, register
from components.spec.channels import SecretText
from components.spec.cluster import StackSpec
from tests.specs import stack_keys

from .registrations import Registration, registered


def secret(**texts: Any) -> Manifest:
    """A Secret with texts."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "namespace": "shop"},
        "stringData": texts,
    }


class Owner(pulumi.ComponentResource):
    """A component with passwords among its objects."""

    def __init__(self, stages: list[list[Manifest]]) -> None:
        super().__init__("test:index:Owner", "owner")
        register(self, "owner", with_passwords(self, "owner", stages), Rules(ignored={}))
        self.register_outputs({})


def children(*stages: list[Manifest]) -> dict[str, Registration]:
    """The registrations below the component, by name."""
    everything = registered(lambda: Owner(list(stages)))
    return {urn.rpartition("::owner/")[2]: one for urn, one in everything.items() if "::owner/" in urn}


def test_a_password_is_a_resource_and_what_it_stands_in_comes_after_it() -> None:
    found = children([secret(admin=Password("admin", rotation=3), user="root")])
    made, holder = found["admin"], found["Secret/keys"]
    assert made.type == "random:index/randomPassword:RandomPassword"
    assert (made.inputs["length"], made.inputs["special"], made.inputs["keepers"]) == (32, False, {"rotation": "3"})
    assert made.parent.endswith("::owner")
    assert made.urn in holder.depends_on


def test_what_a_secret_holds_is_secret_for_the_engine_in_inputs_and_outputs() -> None:
    plain = {**secret(), "data": {"key": "aHVudGVyMg=="}, "stringData": {"other": "hunter2"}}
    found = children([plain])["Secret/keys"]
    for field in ("data", "stringData"):
        assert is_rpc_secret(found.inputs[field]), f"{field} would stand in plain text in logs and state"
        assert unwrap_rpc_secret(found.inputs[field]) == plain[field]
    assert found.secret_outputs == ("data", "stringData")


def test_a_credential_of_the_configuration_is_secret_for_the_engine() -> None:
    found = children([secret(token=SecretText("hunter2"))])["Secret/keys"]
    assert is_rpc_secret(found.inputs["stringData"])
    assert unwrap_rpc_secret(found.inputs["stringData"]) == {"token": "hunter2"}


def test_objects_without_passwords_stay_what_they_are() -> None:
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}}
    assert filled(other, lambda _password: "x") is other
    assert children([other])["ConfigMap/a"].secret_outputs == ()


def test_another_rotation_generates_grafanas_password_anew_and_starts_it_with_it() -> None:
    def objects(rotation: int) -> list[Manifest]:
        platform = {"grafana": {"install": True, "rotation": rotation}}
        stack = StackSpec.model_validate({**stack_keys(), "platform": platform})
        return [item for stage in grafana.stages(stack) for item in stage]

    first, second = ({item["kind"]: item for item in objects(rotation)} for rotation in (1, 2))
    passwords = [one["Secret"]["stringData"]["admin-password"] for one in (first, second)]
    assert passwords == [Password("admin-password", 1), Password("admin-password", 2)]
    assert first["Deployment"] != second["Deployment"], "the running server would keep the old password"


def test_a_password_that_stands_in_two_places_is_one_as_itself_and_as_its_hash() -> None:
    hashed = {**secret(admin=Password("admin", hashed=True)), "metadata": {"name": "hashes", "namespace": "shop"}}
    found = children([secret(admin=Password("admin")), hashed])
    [made] = [one for one in found.values() if one.type == "random:index/randomPassword:RandomPassword"]
    assert all(made.urn in found[f"Secret/{name}"].depends_on for name in ("keys", "hashes"))
