"""No secret is left behind by anything Pulumi, its plug-ins and the local cluster write: searched byte by byte."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from localcluster.cluster import Cluster
from tests.leaks import contents, files_below, leaks, needles

from .secrets_life import SECRET, Life, lived

_MARK = "4dabf18193072939515e22adb298388d"
"""The key that the engine puts beside a ciphertext."""


@pytest.fixture(scope="module")
def life(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A stack that has seen everything but its end."""
    made = Life(cluster, tmp_path_factory.mktemp("life"))
    made.start()
    lived(made, tmp_path_factory.mktemp("credentials") / "kubeconfig")
    return made


def kept_by_design(life: Life) -> list[Path]:
    """What the local cluster needs its credentials for: its own files, readable by their owner alone."""
    state = life.cluster.state
    return [state.kubeconfig, state.inner_kubeconfig, state.secrets, state.certificates, state.etcd, state.pods]


def test_the_secrets_worked(life: Life) -> None:
    # Compared beforehand: a failed comparison of pytest's shows both sides.
    first, second = life.secrets["result by path"], life.secrets["result rotated"]
    anew, lengths = first != second, [len(first), len(second)]
    assert anew, "another rotation must generate another password"
    assert lengths == [32, 32]
    held = base64.b64decode(life.cluster.api.get(SECRET)["data"]["admin-password"]).decode() == second
    assert held, "the cluster does not have the password that Pulumi kept"
    assert "conflict" in life.said["up that fails"].decode(), "the failure was another one than the conflict"


def test_the_state_holds_the_path_of_a_file_and_contents_encrypted(life: Life) -> None:
    for when, expected in (("state by path", "a text"), ("stack export", "a ciphertext")):
        providers = [one for one in resources(life, when) if one["type"] == "pulumi:providers:kubernetes"]
        kinds = {kind_of(one[part]["kubeconfig"]) for one in providers for part in ("inputs", "outputs")}
        assert kinds == {expected}, when


def test_new_credentials_touch_no_object_and_a_new_password_only_what_holds_it(life: Life) -> None:
    events = [json.loads(line) for line in (life.folder / "events-preview").read_text(encoding="utf-8").splitlines()]
    steps = [event["resourcePreEvent"]["metadata"] for event in events if "resourcePreEvent" in event]
    assert {step["op"] for step in steps if step["type"] == "pulumi:providers:kubernetes"} == {"update"}
    changed = {(step["type"].rpartition(":")[2], step["op"]) for step in steps if "replace" in step["op"]}
    replaced = {kind for kind, _ in changed}
    assert replaced == {"RandomPassword", "Secret"}, f"replaced: {sorted(changed)}"


def kind_of(value: Any) -> str:
    """How a value stands in a state, without the value."""
    if isinstance(value, dict):
        return "a ciphertext" if value.keys() == {_MARK, "ciphertext"} else f"an object of {sorted(value)}"
    return "a text" if isinstance(value, str) else type(value).__name__


def resources(life: Life, when: str) -> list[dict[str, Any]]:
    """The resources of an exported state."""
    found: list[dict[str, Any]] = json.loads(life.said[when])["deployment"]["resources"]
    return found


def test_no_command_said_a_secret(life: Life) -> None:
    assert len(life.said) >= 12
    assert leaks(needles(life.secrets), life.said) == []


def test_no_file_holds_a_secret(life: Life) -> None:
    of_pulumi = list(files_below(life.folder))
    of_cluster = list(files_below(life.cluster.state.root, kept_by_design(life)))
    names = {path.name for path in of_pulumi}
    for expected in ("events-up", "events-preview", "Pulumi.secrets.yaml", "secrets.json", "secrets.json.bak"):
        assert expected in names, f"{expected} is not among what is searched"
    assert [path for path in of_pulumi if path.suffix == ".log"], "Pulumi's own logs are not among what is searched"
    assert {"kube-apiserver.log", "pods.log"} <= {path.name for path in of_cluster}
    assert leaks(needles(life.secrets), contents([*of_pulumi, *of_cluster])) == []


def test_the_search_finds_every_secret_where_it_is_shown_on_demand(life: Life) -> None:
    """The control: the same search, the same commands, with --show-secrets."""
    exported = json.dumps(life.shown("stack", "export")).encode()
    found = leaks(needles(life.secrets), {"export": exported, "file": life.passphrase.encode()})
    named = {line.split(": ")[1].split(" (")[0] for line in found}
    kept = {name for name in life.secrets if not name.endswith("by path")}
    assert named >= kept, f"not found: {sorted(kept - named)}"
    assert "file: passphrase (as it is)" in found


def test_what_the_local_cluster_keeps_by_design_is_for_its_owner_alone(life: Life) -> None:
    found = leaks(needles(life.secrets), contents(files_below(life.cluster.state.root)))
    assert found, "the control: the search finds what is excluded elsewhere"
    assert life.cluster.state.root.stat().st_mode & 0o077 == 0, "others can look into the cluster's folder"


def test_nothing_is_left_when_the_stack_is_destroyed(life: Life) -> None:
    life.run("destroy", "destroy", "--yes", "--skip-preview")
    life.run("history", "stack", "history")
    assert leaks(needles(life.secrets), life.said) == []
    assert leaks(needles(life.secrets), contents(files_below(life.folder))) == []
    assert life.cluster.api.find(SECRET) is None
