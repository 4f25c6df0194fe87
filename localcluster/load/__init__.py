"""Open-loop load on the gateway, and what came back, second by second.

`Load` is for Python programs; `python -m localcluster.load`, run inside the cluster's network, is what it starts.
"""

from .session import Load, LoadError

__all__ = ["Load", "LoadError"]
