"""Stand-in for pulumi-resource-kubernetes: tokens from the credential command of a kubeconfig user.

Upstream source: plugin/pkg/client/auth/exec of k8s.io/client-go.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from ..wire.errors import PluginError, UnsupportedError


def exec_token(entry: dict[str, Any]) -> str:
    """The token that the command prints; raises PluginError, and UnsupportedError for certificates from a command."""
    command = [str(entry.get("command", "")), *map(str, entry.get("args") or [])]
    info = {"apiVersion": entry.get("apiVersion"), "kind": "ExecCredential", "spec": {"interactive": False}}
    env = os.environ | {item["name"]: item["value"] for item in entry.get("env") or []}
    env["KUBERNETES_EXEC_INFO"] = json.dumps(info)
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
        status = json.loads(done.stdout).get("status") or {}
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise PluginError(f"the kubeconfig's credential command {command[0]} failed: {_reason(error)}") from error
    if "token" not in status:
        raise UnsupportedError(f"a client certificate from the kubeconfig's credential command {command[0]}")
    return str(status["token"])


def _reason(error: Exception) -> str:
    """Why the command failed. The texts of its errors quote its arguments or its answer, which may be credentials."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"exit code {error.returncode}"
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {error.timeout:.0f} s"
    return str(error.strerror or "it cannot be run") if isinstance(error, OSError) else "it printed no JSON"
