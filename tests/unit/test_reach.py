"""Whether the cluster can be reached: asked quickly, answered in one line."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components import reach
from components.access.connection import server_of
from components.access.kubeconfig import load
from components.reach import UnreachableError, require, requirement
from components.spec.kubeconfig import Kubeconfig


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of a server that accepts connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy of the machine's environment stands between a test and its server."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def kubeconfig(folder: Path, server: str, **cluster: str) -> Kubeconfig:
    """A kubeconfig file with one context, `main`."""
    path = folder / "kubeconfig"
    content = {
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server, **cluster}}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return Kubeconfig(path=str(path))


def refused(given: Kubeconfig, context: str | None = None) -> str:
    """The one line that says why the cluster cannot be reached."""
    with pytest.raises(UnreachableError) as raised:
        require(given, context)
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_a_server_that_answers_is_reached(tmp_path: Path, listening: int) -> None:
    require(kubeconfig(tmp_path, f"http://127.0.0.1:{listening}"), None)


def test_a_closed_port_is_said_at_once_with_address_and_remedy(tmp_path: Path) -> None:
    port = closed_port()
    path = kubeconfig(tmp_path, f"https://127.0.0.1:{port}")
    assert refused(path) == (
        f"the cluster's API server https://127.0.0.1:{port} cannot be reached (connection refused): "
        "start it, or choose another with KUBECONFIG or coalmine:cluster; nothing was changed"
    )


def test_a_server_that_is_silent_is_given_up_in_time(
    tmp_path: Path, listening: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 2 * reach.CONNECT_SECONDS < 10, "both handshakes together must end within ten seconds"
    monkeypatch.setattr(reach, "CONNECT_SECONDS", 0.2)
    began = time.monotonic()
    assert "(no answer)" in refused(kubeconfig(tmp_path, f"https://127.0.0.1:{listening}"))
    assert time.monotonic() - began < 5


def test_a_name_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert "https://cluster.invalid cannot be reached" in refused(kubeconfig(tmp_path, "https://cluster.invalid"))


def test_what_was_begun_earlier_ends_as_it_does_at_once(tmp_path: Path, listening: int) -> None:
    requirement(kubeconfig(tmp_path, f"http://127.0.0.1:{listening}"), None)()
    wait = requirement(kubeconfig(tmp_path, f"https://127.0.0.1:{closed_port()}"), None)
    with pytest.raises(UnreachableError, match=r"cannot be reached \(connection refused\)"):
        wait()


def test_a_proxy_of_the_kubeconfig_is_asked_instead(tmp_path: Path, listening: int) -> None:
    path = kubeconfig(tmp_path, "https://cluster.invalid", **{"proxy-url": f"http://127.0.0.1:{listening}"})
    require(path, None)
    port = closed_port()
    path = kubeconfig(tmp_path, "https://cluster.invalid", **{"proxy-url": f"http://127.0.0.1:{port}"})
    assert f"through the proxy 127.0.0.1:{port} (connection refused)" in refused(path)


def test_a_proxy_of_the_environment_is_asked_unless_it_is_bypassed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:3128")
    config = load(kubeconfig(tmp_path, "https://cluster.example.com"))
    assert server_of(config, None) == ("https://cluster.example.com", "http://127.0.0.1:3128")
    monkeypatch.setenv("no_proxy", "example.com")
    assert server_of(config, None) == ("https://cluster.example.com", None)


def test_a_missing_kubeconfig_names_the_file_and_what_to_do(tmp_path: Path) -> None:
    message = refused(Kubeconfig(path=str(tmp_path / "none")))
    assert message.startswith(f"the kubeconfig {tmp_path / 'none'} cannot be read (no such file or directory)")
    assert "set KUBECONFIG" in message


@pytest.mark.parametrize("content", ["[", "just text", "a: 1", ""])
def test_a_file_that_is_no_kubeconfig_is_one_line(tmp_path: Path, content: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(content, encoding="utf-8")
    assert refused(Kubeconfig(path=str(path))).startswith("the kubeconfig ")


def test_contents_lead_to_the_server_as_a_file_does(tmp_path: Path, listening: int) -> None:
    text = Path(kubeconfig(tmp_path, f"http://127.0.0.1:{listening}").path).read_text(encoding="utf-8")
    require(Kubeconfig(contents=text), None)
    gone = text.replace(str(listening), str(closed_port()))
    assert "cannot be reached (connection refused)" in refused(Kubeconfig(contents=gone))


@pytest.mark.parametrize("contents", ["{token: hunter2", "token:\thunter2\n- x", "when: 2026-99-99\nhunter2: 1", "{}"])
def test_contents_that_are_no_kubeconfig_are_one_line_without_them(contents: str) -> None:
    message = refused(Kubeconfig(contents=contents))
    assert message.startswith("the kubeconfig ")
    assert "hunter2" not in message


def test_contents_that_nobody_opened_lead_nowhere() -> None:
    assert "is encrypted, and only Pulumi can open it" in refused(Kubeconfig())


def test_credentials_in_addresses_are_not_shown(tmp_path: Path) -> None:
    port = closed_port()
    message = refused(kubeconfig(tmp_path, f"https://me:hunter2@127.0.0.1:{port}"))
    assert f"https://127.0.0.1:{port} cannot be reached" in message
    assert "hunter2" not in message


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://127.0.0.1:1")
    assert "has no cluster for context 'production'" in refused(path, "production")
