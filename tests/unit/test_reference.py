"""The reference pages: made from the models, complete, and as committed."""

import pytest

from components.reference import page
from tests.specs import ROOT

MODELS = ("app", "stack")
PAGES = (*MODELS, "bundles", "capabilities", "presets")


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_up_to_date(name: str) -> None:
    committed = (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8")
    assert page(name) == committed, f"run 'python -m components.reference {name} > docs/reference/{name}.md'"


@pytest.mark.parametrize("name", MODELS)
def test_every_key_says_what_it_means(name: str) -> None:
    rows = [line.strip("|").split(" | ") for line in page(name).splitlines() if line.startswith("| `")]
    silent = [row[0].strip() for row in rows if not row[-1].strip(" |")]
    assert not silent, f"give these fields a docstring: {silent}"


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    text = page(name)
    anchors = {line.removeprefix("## ").lower() for line in text.splitlines() if line.startswith("## ")}
    wanted = {part.split(")")[0] for part in text.split("](#")[1:]}
    assert wanted - anchors == set()


def test_a_page_nobody_makes_is_an_error() -> None:
    with pytest.raises(KeyError):
        page("cluster")
