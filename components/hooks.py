"""Whether a program's resource hooks are run at all."""

from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor


def are_run() -> bool:
    """False under Pulumi's mocks, with which programs are unit-tested: they know no hooks."""
    return not isinstance(get_monitor(), MockMonitor)
