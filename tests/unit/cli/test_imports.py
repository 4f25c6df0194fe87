"""What a verb imports: its own needs, so that a check in an editor or a hook starts at once."""

import subprocess
import sys

from tests.specs import ROOT

_TIMED = """
import sys, time
began = time.process_time()
import pydantic.main, pydantic.types, typer.main, yaml
libraries = time.process_time() - began
began = time.process_time()
from components.cli import build, discover
discover()
build("render")
print(libraries, time.process_time() - began)
others = ("pulumi", "rich", "httpx", "components.cli.review", "components.cli.local")
print(*(name for name in others if name in sys.modules))
"""


def test_a_verb_starts_without_what_it_does_not_need() -> None:
    """No seconds: what is ours is measured against the three libraries that every verb needs, in the same process."""
    done = subprocess.run([sys.executable, "-c", _TIMED], cwd=ROOT, capture_output=True, text=True, check=True)
    times, loaded = done.stdout.splitlines()
    libraries, ours = map(float, times.split())
    assert loaded == "", f"`coalmine render` imports {loaded}"
    assert ours < 3 * libraries, f"our imports take {ours:.2f} s, pydantic, typer and PyYAML {libraries:.2f} s"


def test_one_verb_alone_is_still_a_verb() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "components", "render", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "components render [OPTIONS]" in done.stdout
