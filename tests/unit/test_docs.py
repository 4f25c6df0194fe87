"""Every example in the docs is run: specs are validated, offline commands are executed, links are followed.

How a block says what it is: `yaml app` and `yaml stack` are whole files, named by the comment in their first line;
`yaml part` is merged into the page's app, else into its example's (`<!-- example: NAME -->`) or the thinnest one;
`yaml bad part` is the same with the mistakes that the next `text` block lists; `console` shows commands and their
output, `sh` only commands.
"""

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.spec.merging import merge
from tests.coalmine import coalmine
from tests.specs import EXAMPLES, ROOT, Project, app_messages, example_app

from .docs_pages import PAGES, Block, blocks, commands, matches

OFFLINE = ("validate", "plan", "render", "observe", "check", "schema", "capabilities", "bundle")
OTHERS = ("status", "watch", "approve", "promote", "abort", "retry", "local", "demo", "review", "--help")
"""Verbs that need a cluster or a repository: their own tests run them."""
YAML = {("app",), ("stack",), ("part",), ("bad", "part")}


def page_id(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def is_yaml(block: Block, *kind: str) -> bool:
    return block.info == ("yaml", *kind)


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_every_yaml_block_says_what_it_is(page: Path) -> None:
    unknown = [block.line for block in blocks(page) if block.info[:1] == ("yaml",) and block.info[1:] not in YAML]
    assert not unknown, f"{page_id(page)}: mark the blocks in lines {unknown} as one of {sorted(YAML)}"


def project_of(page: Path, root: Path) -> Project:
    """The files that a page describes, with the command run among them; the canary example where it describes none."""
    project = Project(root)
    for block in blocks(page):
        if is_yaml(block, "app") or is_yaml(block, "stack"):
            (root / "stacks/Pulumi.test.yaml").unlink(missing_ok=True)
            project.write(block.text.splitlines()[0].removeprefix("# "), block.text)
    return project


def example_of(page: Path) -> str:
    """The example that a page is about (`<!-- example: NAME -->`), else the thinnest one."""
    named = re.search(r"^<!-- example: (\S+) -->$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return named[1] if named else "canary"


def app_of(page: Path) -> dict[str, Any]:
    """The page's own app, else the first one of its example."""
    written = [yaml.safe_load(block.text) for block in blocks(page) if is_yaml(block, "app")]
    return dict(written[0]) if written else example_app(example_of(page))


WITH_FILES = [page for page in PAGES if any(is_yaml(one, "app") or is_yaml(one, "stack") for one in blocks(page))]
WITH_PARTS = [page for page in PAGES if any(one.info[-1:] == ("part",) for one in blocks(page))]
WITH_COMMANDS = [page for page in PAGES if any(one.info[:1] in (("console",), ("sh",)) for one in blocks(page))]


@pytest.mark.parametrize("page", WITH_FILES, ids=page_id)
def test_the_files_of_a_page_are_a_valid_project(page: Path, tmp_path: Path) -> None:
    project_of(page, tmp_path)
    done = coalmine("validate", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", WITH_PARTS, ids=page_id)
def test_the_parts_of_a_page_are_valid_or_have_the_mistakes_it_lists(page: Path, tmp_path: Path) -> None:
    every = blocks(page)
    # What its app refers to, without the app itself.
    shutil.copytree(
        EXAMPLES / example_of(page), tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("apps", "stacks")
    )
    for block, following in zip(every, [*every[1:], Block((), "", 0)], strict=True):
        if block.info[-1:] != ("part",):
            continue
        found = app_messages(tmp_path, merge(app_of(page), yaml.safe_load(block.text)))
        expected = following.text.splitlines() if is_yaml(block, "bad", "part") else []
        assert found == expected, f"{page_id(page)}, line {block.line}"


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=page_id)
def test_the_offline_commands_of_a_page_do_what_it_shows(page: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    if page in WITH_FILES:
        project_of(page, root)
    else:
        shutil.copytree(EXAMPLES / example_of(page), root)
    for block in blocks(page):
        if block.info[:1] not in (("console",), ("sh",)):
            continue
        for command in commands(block):
            if command.words[:1] != ("coalmine",) or command.words[1] in OTHERS:
                continue
            assert command.words[1] in OFFLINE, f"line {block.line}: no such verb as '{command.words[1]}'"
            done = coalmine(*command.words[1:], cwd=root)
            assert done.returncode == 0, f"{page_id(page)}: {shlex.join(command.words)}: {done.stderr}"
            if block.info == ("console",):
                assert matches(command.output, done.stdout.rstrip().splitlines()), (
                    f"{shlex.join(command.words)}:\n{done.stdout}"
                )


def test_the_commands_of_the_examples_page_work(tmp_path: Path) -> None:
    text = " ".join((EXAMPLES / "README.md").read_text().split())
    found = re.findall(r"`coalmine ([^`]+)`", text)
    assert len(found) == 2
    for command in found:
        words = [str(tmp_path / "out") if word == "rendered" else word for word in command.split()]
        done = coalmine(*words, cwd=ROOT)
        assert (done.returncode, done.stderr) == (0, "")


def test_queries_in_the_docs_are_those_that_are_made() -> None:
    template = yaml.safe_load((ROOT / "tests/golden/canary/shop/shop/analysistemplate-shop.yaml").read_text())
    made = " ".join(" ".join(one["provider"]["prometheus"]["query"].split()) for one in template["spec"]["metrics"])
    shown = [" ".join(one.text.split()) for page in PAGES for one in blocks(page) if one.info[:1] == ("promql",)]
    assert len(shown) == 3
    assert [query for query in shown if query not in made] == []


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files(page: Path) -> None:
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose)]
    missing = [one for one in targets if one and "://" not in one and not (page.parent / one).exists()]
    assert not missing


def test_every_example_is_on_the_examples_page() -> None:
    text = (EXAMPLES / "README.md").read_text()
    folders = {path.parent.name for path in EXAMPLES.glob("*/Pulumi.yaml")}
    assert {name for name in folders if f"[{name}](" in text} == folders


@pytest.mark.parametrize(
    ("shown", "real", "same"),
    [
        (("a", "...", "c"), ["a", "b", "c"], True),
        (("a", "...", "c"), ["a", "c"], True),
        (("a", "c"), ["a", "b", "c"], False),
        (("a.c",), ["abc"], False),
        ((), ["a"], False),
    ],
)
def test_shown_output_is_compared_line_by_line(shown: tuple[str, ...], real: list[str], same: bool) -> None:
    assert matches(shown, real) is same
