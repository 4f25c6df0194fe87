"""What a shell needs to use a local cluster with plain `pulumi` and `kubectl`."""

import os
import shlex
from pathlib import Path

from .pulumi_home import make_home
from .state import REPO, StateDir
from .tools import ToolMissing, tool_path

PASSPHRASE = "coalmine-local"
"""Protects the secrets of the local stack only, which live and die with the local cluster."""

BUNDLED_PLUGINS = REPO / "localcluster" / "plugins" / "bin"
_TOOLS = ("pulumi", "helm", "kustomize", "kubectl-argo-rollouts")


def exports(state: StateDir) -> dict[str, str]:
    """The variables to export. PLUGINS=official leaves Pulumi's plug-ins to Pulumi."""
    variables = {
        "COALMINE_LOCAL_NAME": state.name,
        "KUBECONFIG": str(state.kubeconfig),
        # Without `metadata=skip` Pulumi keeps a second file beside each, which a killed run can leave empty: the stack
        # is then unreadable.
        "PULUMI_BACKEND_URL": f"file://{state.pulumi}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(make_home(state.root / "pulumi-home", official_plugins())),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    first = [REPO / ".venv" / "bin", *_tool_folders()]
    if not official_plugins():
        first.insert(0, BUNDLED_PLUGINS)
        variables["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    variables["PATH"] = _prepended(first)
    return dict(sorted(variables.items()))


def script(variables: dict[str, str]) -> str:
    """The same as lines that `eval` understands."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def official_plugins() -> bool:
    """Whether the user asked for Pulumi's own plug-ins."""
    return os.environ.get("PLUGINS") == "official"


def _tool_folders() -> list[Path]:
    folders = []
    for name in _TOOLS:
        try:
            folders.append(tool_path(name).parent)
        except ToolMissing:
            # `env` still helps with the rest; the tool's absence is told when it is used.
            continue
    return folders


def _prepended(folders: list[Path]) -> str:
    first = list(dict.fromkeys(str(folder) for folder in folders))
    rest = [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry not in first]
    return os.pathsep.join(first + rest)
