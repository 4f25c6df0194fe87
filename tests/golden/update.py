"""Writes the golden trees from the examples: `python -m tests.golden.update`. Read the difference before committing."""

import shutil
import sys
from pathlib import Path

from tests.coalmine import coalmine
from tests.specs import EXAMPLES, SCENARIOS

GOLDEN = Path(__file__).parent
COMMAND = "python -m tests.golden.update"


def render(scenario: str, out: Path) -> None:
    """Renders an example into a folder. Raises RuntimeError where the example is not valid."""
    done = coalmine("render", "--stack", "example", "--root", EXAMPLES / scenario, "--out", out)
    if done.returncode:
        raise RuntimeError(f"examples/{scenario}: {done.stderr}")


def trees() -> set[str]:
    """The scenarios that have a golden tree."""
    return {path.parent.name for path in GOLDEN.glob("*/.coalmine-files")}


def main() -> None:
    """Renders every example and removes the trees of examples that are gone."""
    for scenario in trees() - set(SCENARIOS):
        shutil.rmtree(GOLDEN / scenario)
    for scenario in SCENARIOS:
        render(scenario, GOLDEN / scenario)
        sys.stdout.write(f"tests/golden/{scenario}\n")


if __name__ == "__main__":
    main()
