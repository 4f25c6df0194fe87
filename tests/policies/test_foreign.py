"""The engines' own examples under the pack: no file that a rule fails at, and the page says what is found."""

import json
from pathlib import Path

import pytest

from tests.coalmine import coalmine
from tests.specs import ROOT

from .foreign import COMMAND, MODULES, module_folder, page


@pytest.mark.parametrize("title", MODULES)
def test_the_examples_of_an_engine_are_read_where_the_set_up_put_them(title: str) -> None:
    module, folders = MODULES[title]
    missing = [folder for folder in folders if not (module_folder(module) / folder).is_dir()]
    assert missing == [], "run make up: it fetches the module"


def test_the_page_says_what_the_rules_find() -> None:
    written = Path(ROOT / "docs/reference/policies-on-examples.md").read_text(encoding="utf-8")
    assert written == page(), f"run: {COMMAND}"


def test_the_command_judges_a_folder_of_an_engine_without_a_traceback() -> None:
    module, _ = MODULES["argo-rollouts v1.9.3"]
    done = coalmine("check", module_folder(module) / "examples/istio", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["given"], done.stderr) == (1, 9, "")
