"""Stand-in for Pulumi's plug-in binaries: the entry point that starts one bundled plug-in by its name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

# Which module serves which plug-in; each has `main(args)`, which ends the process.
PLUGINS = {
    "kubernetes": "localcluster.plugins.kubernetes_provider.provider",
    "language": "localcluster.plugins.language.host",
    "policy": "localcluster.plugins.language.analyzer",
    "random": "localcluster.plugins.random_provider.provider",
}


def main(argv: list[str]) -> int:
    """Start the plug-in named by the first argument; the others are what Pulumi's engine passed."""
    if not argv or argv[0] not in PLUGINS:
        print(f"unknown plug-in {argv[:1]}: expected one of {', '.join(sorted(PLUGINS))}", file=sys.stderr)
        return 2
    # Python puts this file's folder first on the path, where the names of our folders would shadow real packages.
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from localcluster.plugins.wire import stubs

    stubs.install()
    importlib.import_module(PLUGINS[argv[0]]).main(argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
