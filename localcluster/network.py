"""The cluster's network namespace: every address of a pod or Service is local to it."""

import subprocess
from pathlib import Path

from .controlplane import POD_CIDR, SERVICE_CIDR
from .state import LocalClusterError

ENTER = ("unshare", "--user", "--map-root-user", "--net", "--mount", "--propagation", "private", "--")
"""Starts a program in namespaces of its own, with or without root."""


def set_up(hosts: Path) -> None:
    """Make addresses local and mount the hosts file. Raises LocalClusterError when the machine does not permit it."""
    commands = (
        ("ip", "link", "set", "lo", "up"),
        ("ip", "route", "add", "local", POD_CIDR, "dev", "lo"),
        ("ip", "route", "add", "local", SERVICE_CIDR, "dev", "lo"),
        ("mount", "--bind", str(hosts), "/etc/hosts"),
    )
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except FileNotFoundError as error:
            raise LocalClusterError(f"{command[0]} is missing: install iproute2 and util-linux") from error
        except subprocess.CalledProcessError as error:
            raise LocalClusterError(f"{' '.join(command)}: {error.stderr.strip()}") from error
    # Outgoing connections must never come from a port that a program is going to listen on.
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("32768 65000")


def enter(pid: int) -> list[str]:
    """The command line that runs a program inside the namespaces of a process."""
    return ["nsenter", f"--target={pid}", "--user", "--net", "--mount", "--preserve-credentials", "--"]
