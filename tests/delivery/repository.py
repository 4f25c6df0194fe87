"""A Git repository of the tests: what is committed is what a GitOps engine in the cluster reads."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from localcluster.cluster import Cluster
from tests.cluster.objects import wait_for

PORT = 9182
ADDRESS = f"http://127.0.0.1:{PORT}/delivery.git"
"""Inside the cluster's network."""
BRANCH = "main"
_AUTHOR = ("-c", "user.name=CI", "-c", "user.email=ci@example.com", "-c", "commit.gpgsign=false")


class Repository:
    """A bare repository, and a clone to commit in. Fields: `folder`: of both; `tree`: the clone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tree = folder / "tree"
        _git("init", "-q", "--bare", "-b", BRANCH, str(folder / "delivery.git"))
        _git("init", "-q", "-b", BRANCH, str(self.tree))
        _git("remote", "add", "origin", str(folder / "delivery.git"), of=self.tree)

    def commit(self, write: Callable[[Path], None], message: str) -> str:
        """Pushes what `write` changes in the tree. Returns the commit's name."""
        write(self.tree)
        _git("add", "--all", of=self.tree)
        _git(*_AUTHOR, "commit", "-q", "-m", message, of=self.tree)
        return self._pushed()

    def revert(self) -> str:
        """Pushes a commit that takes the last one back. Returns its name."""
        _git(*_AUTHOR, "revert", "--no-edit", "HEAD", of=self.tree)
        return self._pushed()

    def _pushed(self) -> str:
        _git("push", "-q", "origin", BRANCH, of=self.tree)
        return _git("rev-parse", "HEAD", of=self.tree).strip()


@contextmanager
def served(cluster: Cluster, repository: Repository) -> Iterator[None]:
    """Shows the repository to whoever asks inside the cluster's network."""
    command = [sys.executable, "-m", "tests.git_server", str(PORT), str(repository.folder)]
    process = subprocess.Popen(cluster.inside(command), stdin=subprocess.PIPE, env=cluster.inner_environment())
    try:
        wait_for(lambda: _answers(cluster), "the Git server answers")
        yield
    finally:
        process.communicate()


def _answers(cluster: Cluster) -> bool:
    probe = cluster.inside(["git", "ls-remote", ADDRESS])
    ran = subprocess.run(probe, env=cluster.inner_environment(), capture_output=True, check=False)
    return ran.returncode == 0


def _git(*arguments: str, of: Path | None = None) -> str:
    place = ["-C", str(of)] if of else []
    return subprocess.run(["git", *place, *arguments], check=True, capture_output=True, text=True).stdout
