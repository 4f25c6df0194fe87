"""Where the verbs that run Pulumi find it: the repository's pinned tools and plug-ins, or the user's own."""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from .output import UserError


def pulumi_environment(scratch: Path) -> tuple[str, dict[str, str]]:
    """The pulumi command, and what its environment needs besides. `scratch`: a folder that may be written to.

    In the repository these are the pinned tools and, unless PLUGINS=official, the bundled plug-ins; with an installed
    package it is the pulumi on PATH. Raises UserError where there is none.
    """
    if find_spec("localcluster") is None:
        found = shutil.which("pulumi")
        if found is None:
            raise UserError("pulumi is not on PATH: install it from pulumi.com")
        return found, {}
    from localcluster.pulumi_home import make_home
    from localcluster.shell import BUNDLED_PLUGINS, official_plugins
    from localcluster.tools import ToolMissing, tool_path

    try:
        tools = [tool_path(name) for name in ("pulumi", "helm")]
    except ToolMissing as missing:
        raise UserError(str(missing)) from None
    first = [*([] if official_plugins() else [BUNDLED_PLUGINS]), *(tool.parent for tool in tools)]
    path = os.pathsep.join([*(str(folder) for folder in first), os.environ.get("PATH", os.defpath)])
    return str(tools[0]), {"PATH": path, "PULUMI_HOME": str(make_home(scratch / "pulumi-home", official_plugins()))}
