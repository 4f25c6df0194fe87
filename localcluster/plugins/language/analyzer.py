"""Stand-in for pulumi-analyzer-policy-python: runs a policy pack in the pack's own Python.

Engines that know the language host start packs through it; this plug-in serves those that do not.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from ..wire.errors import PluginError
from .environment import resolve


def main(argv: list[str]) -> NoReturn:
    """Become the policy pack's process; arguments: the engine's address, the pack's folder, `-option=value`..."""
    if len(argv) < 2:
        sys.exit("usage: pulumi-analyzer-policy-python ENGINE_ADDRESS PACK_FOLDER")
    options = dict(item.lstrip("-").split("=", 1) for item in argv[2:] if item.startswith("-") and "=" in item)
    options = {key: value for key, value in options.items() if key in ("toolchain", "virtualenv")}
    if "PULUMI_RUNTIME_VIRTUALENV" in os.environ:
        options.setdefault("virtualenv", os.environ["PULUMI_RUNTIME_VIRTUALENV"])
    try:
        environment = resolve(str(Path(argv[1]).resolve()), options)
    except PluginError as error:
        sys.exit(str(error))
    command = [environment.python, "-u", "-m", "pulumi.policy", argv[0], argv[1]]
    os.execve(environment.python, command, environment.variables(os.environ))
