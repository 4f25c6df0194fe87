"""Stand-in for the Go SDK's protocol package: makes the gRPC stubs of the Python SDK importable on their own.

`import pulumi` costs 0.3 s and 47 MB; the stubs below pulumi.runtime.proto need none of it, and a plug-in process
starts for every Pulumi command.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def install() -> None:
    """Register `pulumi` and `pulumi.runtime` as bare packages; raises ModuleNotFoundError where the SDK is missing."""
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the Python package 'pulumi' is not installed in the project's virtual environment")
    root = spec.submodule_search_locations[0]
    for name, folder in (("pulumi", root), ("pulumi.runtime", f"{root}/runtime")):
        package = ModuleType(name)
        package.__path__ = [folder]
        sys.modules[name] = package
