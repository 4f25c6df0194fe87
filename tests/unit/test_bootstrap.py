"""The set-up finds everything that is lacking first, and each lack is one line with its remedy."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from components.releases import ETCD
from localcluster.bootstrap import environment, preflight, reach, run
from localcluster.tools import BuildsFailed
from localcluster.tools.process import Children

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COALMINE_CACHE", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def _keep_signal_handler() -> object:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_this_machine_can_run_the_local_cluster() -> None:
    assert preflight.lacks(cluster=True, build=False) == []


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_another_platform_is_told_to_use_its_own_cluster(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert preflight.lacks(cluster=True, build=True) == [
        f"the local cluster needs Linux on x86-64, this is {system} on {machine}: use a cluster of your own: "
        "`make venv`, set KUBECONFIG, then `pulumi up` (docs/how-to/set-up.md)"
    ]
    assert preflight.lacks(cluster=False, build=False) == []


def test_all_lacks_are_listed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "VENV", tmp_path / "none")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=3e9))
    monkeypatch.setattr(preflight, "BUILD_MEMORY_GB", 1e6)
    lines = preflight.lacks(cluster=True, build=True)
    assert [line.split(":")[0] for line in lines] == [
        "this Python cannot make virtual environments",
        "git is not on PATH",
        "unshare and ip not on PATH",
        f"building the tools needs {preflight.BUILD_GB} GB in {tmp_path / 'cache'}, 3 GB are free",
        lines[4].split(":")[0],
    ]
    assert lines[4].startswith("building the tools needs 1000000.0 GB of memory, ")
    assert not any("\n" in line for line in lines)


def test_refused_namespaces_are_told_with_the_kernels_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = SimpleNamespace(returncode=1, stderr="unshare: unshare failed: Operation not permitted\n")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: refused)
    (line,) = preflight.lacks(cluster=True, build=False)
    assert line.startswith(
        "user and network namespaces are not permitted here (unshare: unshare failed: Operation not permitted): "
    )


def test_what_an_interrupted_build_wrote_counts_as_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = tmp_path / "cache" / "go" / "build" / "half"
    half.parent.mkdir(parents=True)
    with half.open("wb") as file:
        file.truncate(int(preflight.BUILD_GB * 1e9 / 2))
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=preflight.BUILD_GB * 0.6e9))
    assert preflight.lacks(cluster=False, build=True) == []


def test_lacks_end_the_set_up_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(preflight, "lacks", lambda **_: ["first: do this", "second: do that"])
    monkeypatch.setattr(environment, "create", lambda *_: pytest.fail("made an environment"))
    monkeypatch.setattr(run, "ensure", lambda *_: pytest.fail("built something"))
    assert run.main([]) == 1
    assert capsys.readouterr().err == "coalmine: first: do this\ncoalmine: second: do that\n"


@pytest.mark.parametrize(
    ("raised", "code", "expected"),
    [
        (KeyboardInterrupt(), 130, "interrupted, nothing runs any more: run the same command again to resume"),
        (BuildsFailed(["one", "two"]), 1, "one\ncoalmine: two"),
        (environment.EnvironmentFailed("no index"), 1, "no index"),
        (
            PermissionError(13, "Permission denied", "/cache"),
            1,
            "[Errno 13] Permission denied: '/cache': check that place and its permissions, "
            "then run the same command again",
        ),
    ],
)
def test_whatever_goes_wrong_ends_in_lines_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
    expected: str,
) -> None:
    def fail(*_: object) -> None:
        raise raised

    monkeypatch.setattr(run, "_set_up", fail)
    assert run.main([]) == code
    assert capsys.readouterr().err == f"coalmine: {expected}\n"


def test_what_only_the_tests_need_is_built_for_them_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(run, "_set_up", asked.append)
    for arguments in ([], ["--tests"], ["--no-tools"]):
        run.main(arguments)
    of_users, of_tests, nothing = asked
    only_tests = {"argocd", "contour", "kustomize-controller", "load-tester", "promtool", "valkey"}
    assert set(of_tests) - set(of_users) == only_tests
    assert {"flagger", "istiod", "envoy"} <= set(of_users)
    assert nothing == []


def test_an_unreachable_package_index_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    # Nothing listens on port 1.
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    line = reach.package_index_lack()
    assert line is not None
    assert line.startswith("pip cannot fetch from the package index: check the network and pip's settings (")
    assert "\n" not in line


def test_a_module_proxy_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "ensure_go", lambda children: Path("/bin/false"))
    line = reach.module_proxy_lack(ETCD, Children())
    assert line == (
        "the Go module proxy does not serve go.etcd.io/etcd/server/v3: check the network and GOPROXY (no message)"
    )


def test_the_first_requirement_comes_with_its_digests() -> None:
    requirement = environment.first_requirement()
    assert requirement.split()[0].count("==") == 1
    assert "--hash=sha256:" in requirement
    assert requirement.count("==") == 1


def test_the_environment_is_current_until_the_lock_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "python"
    python.write_text("")
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    monkeypatch.setattr(environment, "_LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(environment, "PYTHON", python)
    monkeypatch.setattr(environment, "_STAMP", tmp_path / "stamp")
    assert not environment.is_current()
    (tmp_path / "stamp").write_text(environment._wanted())
    assert environment.is_current()
    with (tmp_path / "pyproject.toml").open("a") as settings:
        settings.write("# changed\n")
    assert not environment.is_current()
    assert environment.holds_dependencies()
    with (tmp_path / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert not environment.is_current()
    assert not environment.holds_dependencies()


def test_make_help_lists_every_target() -> None:
    # A make above this one (`make test`) would have it print which folder it enters.
    help_ = ["make", "--no-print-directory", "help"]
    done = subprocess.run(help_, cwd=ROOT, capture_output=True, text=True, check=True)
    targets = [line.split()[1] for line in done.stdout.splitlines()]
    assert targets == ["help", "demo", "test", "lint", "fuzz", "bench", "up", "down", "venv", "clean"]
    default = subprocess.run(help_[:-1], cwd=ROOT, capture_output=True, text=True, check=True)
    assert default.stdout == done.stdout


def test_make_says_in_one_line_that_no_python_is_new_enough() -> None:
    done = subprocess.run(["make", "PYTHON=", "venv"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == (
        "coalmine: Python 3.11 or newer is needed: install it, or name it with make PYTHON=..."
    )


def test_ctrl_c_ends_the_set_up_with_130_and_one_line(tmp_path: Path) -> None:
    code = (
        "import signal, sys, threading; from localcluster.bootstrap import run\n"
        # What starts the tests in the background, as CI may, has them ignore Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        # In short turns: a signal that comes just before a wait is seen when that ends.
        "def wait(*_):\n    print('waiting', flush=True)\n    while True: threading.Event().wait(0.1)\n"
        "run._set_up = wait; sys.exit(run.main([]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == "coalmine: interrupted, nothing runs any more: run the same command again to resume\n"
