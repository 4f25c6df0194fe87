"""A Pulumi home of a local cluster's own: nothing of the cluster ends up in the user's, and Pulumi stays fast.

Pulumi writes down, on every run, everything that passes through it: 45 MB of compressed log and four fifths of its time
for the local stack, whose CRDs are large. There is no switch for it, but it does without where its folder for logs
cannot be made. Source: pulumi v3.259, pkg/cmd/pulumi/pulumi.go and pkg/logging/encrypted.go (StartLogging).
"""

import os
from pathlib import Path


def make_home(folder: Path, official_plugins: bool) -> Path:
    """Makes the folder; with `official_plugins` those in the user's Pulumi home are used, and new ones kept there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "logs").touch()
    link = folder / "plugins"
    if official_plugins and not link.is_symlink():
        own = Path(os.environ.get("PULUMI_HOME", "~/.pulumi")).expanduser() / "plugins"
        own.mkdir(parents=True, exist_ok=True)
        link.symlink_to(own)
    return folder
