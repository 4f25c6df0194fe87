"""Builds on a stand-in of Go: what they leave behind when they end, fail, are interrupted or meet one another."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from components.releases import ETCD, GO, KUBERNETES, GoModule, tool
from localcluster.tools import BuildsFailed, ensure, tool_path
from localcluster.tools.build import BuildFailed, Session, build
from localcluster.tools.identity import build_identity, built_dir, go_mod_dir
from localcluster.tools.layout import binaries_dir, build_records_path
from localcluster.tools.process import Children, Interrupted

ROOT = Path(__file__).resolve().parents[2]

# Does what $FAKE_GO says, then answers `go build ... -o OUTPUT PACKAGE...` with a file per package.
FAKE_GO = r"""#!/bin/sh
echo call >> "$GOCACHE.calls"
eval "$FAKE_GO"
while [ "$1" != -o ]; do shift; done
output=$2; shift 2
case $output in
*/) for package; do echo program > "$output${package##*/}"; done ;;
*) echo program > "$output" ;;
esac
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("COALMINE_CACHE", str(folder))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("FAKE_GO", ":")
    go = folder / "toolchain" / f"go-{GO.version}" / GO.program
    go.parent.mkdir(parents=True)
    go.write_text(FAKE_GO)
    go.chmod(0o755)
    (folder / "go").mkdir()
    return folder


def _session(cache: Path) -> Session:
    go = cache / "toolchain" / f"go-{GO.version}" / GO.program
    return Session(go=go, children=Children(), run="test", cold=True)


def _calls(cache: Path) -> int:
    return len((cache / "go" / "build.calls").read_text().splitlines())


def _leftovers() -> list[str]:
    return [entry.name for entry in binaries_dir().glob(".*")]


def _wait_for(file: Path) -> None:
    deadline = time.monotonic() + 20
    while not file.exists():
        assert time.monotonic() < deadline, f"{file.name} did not appear in 20 s"
        time.sleep(0.02)


class Heard:
    """A progress that keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def begin(self, names: list[str]) -> None:
        self.events.append(f"begin {' '.join(names)}")

    def started(self, name: str) -> None:
        self.events.append(f"started {name}")

    def finished(self, name: str, seconds: float) -> None:
        self.events.append(f"finished {name}")

    def failed(self, name: str, reason: str) -> None:
        self.events.append(f"failed {name}")

    def tick(self) -> None:
        return

    def end(self) -> None:
        self.events.append("end")


@pytest.mark.parametrize("module", [ETCD, KUBERNETES], ids=lambda module: module.name)
def test_a_build_leaves_every_program_and_a_record(cache: Path, module: GoModule) -> None:
    build(module, _session(cache))
    names = {"etcd": ["etcd"], "kubernetes": ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]}
    assert sorted(entry.name for entry in built_dir(module).iterdir()) == names[module.name]
    assert tool_path(names[module.name][0]) == built_dir(module) / names[module.name][0]
    assert _leftovers() == []
    record = json.loads(build_records_path().read_text())
    assert (record["module"], record["version"], record["cold"]) == (module.name, module.version, True)
    assert record["seconds"] >= 0
    assert record["peak_mb"] > 0


def test_a_second_build_does_nothing(cache: Path) -> None:
    build(ETCD, _session(cache))
    build(ETCD, _session(cache))
    assert _calls(cache) == 1


def test_a_failed_build_says_why_and_leaves_no_program(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO", "echo 'main.go:7: undefined: x'; exit 1")
    with pytest.raises(BuildFailed) as caught:
        build(ETCD, _session(cache))
    log = cache / "logs" / "etcd.log"
    assert str(caught.value) == (
        f"building etcd v3.7.3 failed: main.go:7: undefined: x (log: {log}); run the same command again to resume"
    )
    assert not built_dir(ETCD).exists()
    assert _leftovers() == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("write /x: no space left on device", "the disk is full: free some space"),
        ("compile: signal: killed", "mostly for lack of memory"),
        ("Get https://p: dial tcp: lookup p: no such host", "the Go module proxy was not reachable"),
        ("reading https://p: 403 Forbidden", "the Go module proxy refused a module"),
        ("verifying m@v1: checksum mismatch", "a module differs from its go.sum"),
    ],
)
def test_a_known_reason_comes_with_its_remedy(
    cache: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    monkeypatch.setenv("FAKE_GO", f"echo '{said}'; exit 1")
    with pytest.raises(BuildFailed, match=expected) as caught:
        build(ETCD, _session(cache))
    assert "\n" not in str(caught.value)


def test_an_interrupted_build_ends_its_whole_process_group(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "FAKE_GO", 'sleep 60 & echo $! > "$GOCACHE.child"; sync; mv "$GOCACHE.child" "$GOCACHE.pid"; wait'
    )
    session = _session(cache)
    caught: list[BaseException] = []

    def run() -> None:
        try:
            build(ETCD, session)
        except Interrupted as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for(cache / "go" / "build.pid")
    grandchild = int((cache / "go" / "build.pid").read_text())
    session.children.stop()
    thread.join(timeout=20)
    assert len(caught) == 1
    assert _leftovers() == []
    deadline = time.monotonic() + 20
    while _alive(grandchild):
        assert time.monotonic() < deadline, "a compiler outlived the interrupted build"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_what_a_killed_build_left_is_removed_by_the_next(cache: Path) -> None:
    (binaries_dir() / ".building-etcd-dead").mkdir(parents=True)
    build(ETCD, _session(cache))
    assert _leftovers() == []


def test_two_processes_build_a_module_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = cache / "gate"
    os.mkfifo(gate)
    monkeypatch.setenv("FAKE_GO", f'touch "$GOCACHE.begun"; timeout 20 cat {gate}')
    code = "from localcluster.tools import ensure; ensure(['etcd'])"
    first = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    _wait_for(cache / "go" / "build.begun")
    second = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    assert "1 to build: etcd" in second.stderr.readline()
    assert "building etcd" in second.stderr.readline()
    gate.write_text("go on\n")
    assert (first.wait(timeout=20), second.wait(timeout=20)) == (0, 0)
    assert _calls(cache) == 1


def test_all_failures_are_told_and_the_other_modules_still_built(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO", "case $PWD in */helm|*/kwok) echo broken; exit 1 ;; esac")
    heard = Heard()
    with pytest.raises(BuildsFailed) as caught:
        ensure(["kwok", "etcd", "helm"], progress=heard)
    assert sorted(reason.split(" failed")[0] for reason in caught.value.reasons) == [
        "building helm v3.22.0",
        "building kwok v0.8.0",
    ]
    assert heard.events[0] == "begin kwok helm etcd"
    assert sorted(heard.events[1:-1]) == [
        "failed helm",
        "failed kwok",
        "finished etcd",
        "started etcd",
        "started helm",
        "started kwok",
    ]
    assert heard.events[-1] == "end"
    assert tool_path("etcd").is_file()


def test_the_next_run_builds_only_what_failed(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_GO", "case $PWD in */helm) exit 1 ;; esac")
    with pytest.raises(BuildsFailed):
        ensure(["etcd", "helm"], progress=Heard())
    monkeypatch.setenv("FAKE_GO", ":")
    heard = Heard()
    ensure(["etcd", "helm"], progress=heard)
    assert heard.events == ["begin helm", "started helm", "finished helm", "end"]


def test_nothing_is_said_when_all_is_there(cache: Path) -> None:
    ensure(["etcd"], progress=Heard())
    heard = Heard()
    ensure(["etcd"], progress=heard)
    assert heard.events == []


def test_the_identity_changes_with_sources_flags_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build_identity(ETCD)
    assert build_identity(ETCD) == before
    identities = {before}
    monkeypatch.setattr("localcluster.tools.identity.GO_MODULES", tmp_path)
    copy = go_mod_dir(ETCD)
    copy.mkdir()
    original = ROOT / "localcluster" / "tools" / "etcd"
    for name in ("go.mod", "go.sum"):
        (copy / name).write_bytes((original / name).read_bytes())
    assert build_identity(ETCD) == before
    (copy / "go.sum").write_text("changed")
    identities.add(build_identity(ETCD))
    monkeypatch.setattr("localcluster.tools.identity.BUILD_FLAGS", ("-race",))
    identities.add(build_identity(ETCD))
    assert len(identities) == 3
    assert tool("etcd").source == ETCD
