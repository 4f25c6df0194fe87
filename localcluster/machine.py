"""What this machine must have for a local cluster, found before anything is started."""

import platform
import shutil
import subprocess

from .controlplane import TOOLS
from .network import ENTER
from .tools import ToolMissing, tool_path

_PROGRAMS = {"unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "ip": "iproute2"}


def lacks() -> list[str]:
    """Everything that is missing, one line each with the remedy; empty when a cluster can be started."""
    if platform.system() != "Linux":
        return [
            f"a local cluster needs Linux, this is {platform.system()}: use a cluster of your own, "
            "set KUBECONFIG to it and run `pulumi up`"
        ]
    missing = [
        f"{program} is missing: install the package {package}"
        for program, package in sorted(_PROGRAMS.items())
        if shutil.which(program) is None
    ]
    return missing + ([] if missing else _namespaces()) + _tools()


def _namespaces() -> list[str]:
    tried = subprocess.run([*ENTER, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return []
    remedy = (
        "sysctl kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0, or run as root"
    )
    return [f"user and network namespaces are not permitted ({tried.stderr.strip()}): {remedy}"]


def _tools() -> list[str]:
    found = []
    for name in TOOLS:
        try:
            tool_path(name)
        except ToolMissing as error:
            found.append(str(error))
    return found
