"""A Git repository on this machine, as a release by commit needs it."""

import os
import subprocess
from pathlib import Path

BRANCH = "main"
_WHO = {
    f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "a"), ("EMAIL", "a@b"))
}
_ENVIRONMENT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, **_WHO}


class Repository:
    """Fields: `root`: the working tree, on the branch that is followed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)
        self._git("init", "--quiet", f"--initial-branch={BRANCH}")

    def commit(self, message: str) -> str:
        """All that is in the working tree; gives the commit."""
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={message}")
        return self._git("rev-parse", "HEAD").strip()

    def revert(self) -> str:
        """Takes the last commit back by another one, which it gives."""
        self._git("revert", "--no-edit", "HEAD")
        return self._git("rev-parse", "HEAD").strip()

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        environment = {**os.environ, **_ENVIRONMENT}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
