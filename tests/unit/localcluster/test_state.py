"""What is written down about a cluster, and who may read it."""

import base64
import stat
from pathlib import Path

import pytest

from localcluster import credentials, hosts, kwok
from localcluster.ingress import http_port
from localcluster.process import is_running, marked, start_ticks
from localcluster.state import LocalClusterError, Record, StateDir, base_dir

from .pods import rollout_pod, service


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    """An empty state folder."""
    made = StateDir("test", tmp_path / "test")
    made.make()
    return made


def test_the_folder_can_be_chosen() -> None:
    assert base_dir({"COALMINE_LOCAL_DIR": "/somewhere"}) == Path("/somewhere")
    assert base_dir({}).name == ".local"


@pytest.mark.parametrize("name", ["", "Local", "a/b", "..", "-a", "a" * 33])
def test_names_that_cannot_be_folders_are_refused(name: str) -> None:
    with pytest.raises(LocalClusterError, match="cluster name"):
        StateDir.of(name)


def test_a_record_is_read_as_it_was_written(state: StateDir) -> None:
    assert Record.load(state) is None
    record = Record(ports={"api": 1234}, supervisor=1, started=2)
    record.save(state)
    assert Record.load(state) == record
    assert Record().identity != Record().identity


def test_only_the_owner_may_read_secrets(state: StateDir) -> None:
    credentials.make(state)
    credentials.write_kubeconfigs(state, 6443)
    files = [state.kubeconfig, state.inner_kubeconfig, *state.secrets.iterdir()]
    assert len(files) == 6
    for file in files:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_keys_and_tokens_are_made_once(state: StateDir) -> None:
    credentials.make(state)
    before = {file.name: file.read_text() for file in state.secrets.iterdir()}
    credentials.make(state)
    assert {file.name: file.read_text() for file in state.secrets.iterdir()} == before


def test_the_signing_key_is_a_p256_key_without_its_public_half(state: StateDir) -> None:
    credentials.make(state)
    lines = credentials.signing_key(state).read_text().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----")
    der = base64.b64decode("".join(lines[1:-1]))
    assert der[:2] == bytes([0x30, len(der) - 2])
    assert der[2:7] == bytes.fromhex("0201010420")
    assert der[39:] == bytes.fromhex("a00a06082a8648ce3d030107")


def test_hosts_name_every_service_with_an_address() -> None:
    services = [
        service("shop", "", {}, clusterIP="10.96.0.9"),
        service("headless", "", {}, clusterIP="None"),
        service("pending", "", {}),
    ]
    assert hosts.text(services) == (
        "127.0.0.1 localhost\n::1 localhost\n10.96.0.9 shop.store.svc.cluster.local shop.store.svc shop.store\n"
    )


def test_the_hosts_file_is_rewritten_in_place(state: StateDir) -> None:
    state.hosts.write_text("old " * 100)
    inode = state.hosts.stat().st_ino
    hosts.Hosts(state.hosts)
    assert state.hosts.read_text() == "127.0.0.1 localhost\n::1 localhost\n"
    assert state.hosts.stat().st_ino == inode, "mounts of the old file would no longer follow"


@pytest.mark.parametrize(("target", "expected"), [(8080, 8080), ("http", 8081), ("gone", 0)])
def test_the_gateways_port_is_the_target_of_port_80(target: int | str, expected: int) -> None:
    pod = rollout_pod(istio="ingress")
    pod["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8081}]
    ports = [{"port": 443, "targetPort": 8443}, {"port": 80, "targetPort": target}]
    assert http_port(pod, [service("gateway", "", {"istio": "ingress"}, ports=ports)]) == expected
    assert http_port(pod, [service("gateway", "", {"istio": "egress"}, ports=ports)]) == 0


def test_kwok_is_given_every_stage(state: StateDir) -> None:
    text = kwok.config_file(state).read_text()
    assert text.count('"kind": "Stage"') == len(kwok.stages())


def test_a_process_is_told_from_a_later_one_of_the_same_id() -> None:
    mine = start_ticks(1)
    assert mine
    assert is_running(1, mine)
    assert not is_running(1, mine + 1)
    assert not is_running(0)
    assert marked("an identity that no process has") == []
