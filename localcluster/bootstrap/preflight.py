"""What a machine must have for the local cluster, looked up before anything is fetched or built."""

import importlib.util
import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from localcluster.tools.layout import VENV, cache_dir

OWN_CLUSTER = "use a cluster of your own: `make venv`, set KUBECONFIG, then `pulumi up` (docs/how-to/set-up.md)"

# Measured: sources 6.8 GB, compiled packages 9.6 GB, programs 0.9 GB, toolchain 0.3 GB, virtual environment 0.6 GB.
BUILD_GB = 20
# Measured: linking peaks at 2.1 GB and two builds run at a time.
BUILD_MEMORY_GB = 4.5

_NAMESPACE_PROBE = "ip link set lo up && ip route add local 10.244.0.0/16 dev lo"
_PROBE_SECONDS = 20


def lacks(*, cluster: bool, build: bool) -> list[str]:
    """Everything that this machine lacks, one line each with the remedy; empty when all is there.

    `cluster`: the local cluster will run here; `build`: tools have to be built first.
    """
    if cluster and (other := _platform_lack()):
        return [other]
    checks: list[Callable[[], str | None]] = [_venv_lack, _git_lack]
    if cluster:
        checks += [_namespace_lack]
    if build:
        checks += [_disk_lack, _memory_lack]
    return [lack for check in checks if (lack := check())]


def _platform_lack() -> str | None:
    system, machine = platform.system(), platform.machine()
    if system == "Linux" and machine in ("x86_64", "AMD64"):
        return None
    return f"the local cluster needs Linux on x86-64, this is {system} on {machine}: {OWN_CLUSTER}"


def _venv_lack() -> str | None:
    if (VENV / "bin" / "python").exists():
        return None
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return None
    return "this Python cannot make virtual environments: install its venv module (Debian: apt install python3-venv)"


def _git_lack() -> str | None:
    return None if shutil.which("git") else "git is not on PATH: install it (Debian: apt install git)"


def _namespace_lack() -> str | None:
    absent = [program for program in ("unshare", "ip") if not shutil.which(program)]
    if absent:
        return f"{' and '.join(absent)} not on PATH: install them (Debian: apt install util-linux iproute2)"
    try:
        probe = subprocess.run(
            ["unshare", "-rnm", "sh", "-c", _NAMESPACE_PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"a network namespace was not ready in {_PROBE_SECONDS} s: is the machine overloaded? Try again"
    if probe.returncode == 0:
        return None
    said = (probe.stderr.strip().splitlines() or ["no message"])[-1]
    return f"user and network namespaces are not permitted here ({said}): {_namespace_remedy()}"


def _namespace_remedy() -> str:
    for setting, refusing, remedy in (
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("user/max_net_namespaces", "0", "user.max_net_namespaces=15000"),
    ):
        file = Path("/proc/sys") / setting
        if file.exists() and file.read_text().strip() == refusing:
            return f"run `sudo sysctl -w {remedy}`"
    return "in a container, run it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined"


def _disk_lack() -> str | None:
    place = cache_dir()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    # Only counted when it matters: there are some 300,000 files.
    needed = BUILD_GB if free >= BUILD_GB else BUILD_GB - _already_gb()
    if free >= needed:
        return None
    return (
        f"building the tools needs {needed:.0f} GB in {cache_dir()}, {free:.0f} GB are free: "
        "free some, or set COALMINE_CACHE to a folder on another disk"
    )


def _already_gb() -> float:
    """What an earlier, interrupted build has put into the cache, at most what a whole one needs."""
    total = 0
    for folder, _, files in os.walk(cache_dir() / "go"):
        for name in files:
            total += os.lstat(Path(folder, name)).st_size
    return min(total / 1e9, BUILD_GB)


def _memory_lack() -> str | None:
    facts = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    available = int(facts["MemAvailable"].split()[0]) * 1024 / 1e9
    if available >= BUILD_MEMORY_GB:
        return None
    return (
        f"building the tools needs {BUILD_MEMORY_GB} GB of memory, {available:.1f} GB are available: end other programs"
    )
