"""Processes beside a cluster leave it the processors."""

import subprocess
from pathlib import Path

from localcluster.process import make_gentle


def test_a_gentle_session_gives_way_as_a_whole() -> None:
    """A process's own niceness says nothing to other sessions where Linux groups tasks by session."""
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as leader:
        group = Path(f"/proc/{leader.pid}/autogroup")
        make_gentle(leader.pid, 10)
        told = group.read_text().strip() if group.exists() else "no groups here, nice 10"
        leader.kill()
    assert told.endswith("nice 10"), told


def test_one_that_has_ended_is_left_alone() -> None:
    with subprocess.Popen(["true"], start_new_session=True) as leader:
        leader.wait()
    make_gentle(leader.pid, 10)
    assert not Path(f"/proc/{leader.pid}").exists()
