"""`coalmine review`: what a pull request changes and whether it may: no cluster and no secrets needed."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from ..output import AsJson, Root, UserError, print_json, project_root


def verb(
    base: Annotated[str, typer.Option("--base", "-b", help="What the change is compared with: a branch or commit.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write the comment to.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="File to write the findings to, in SARIF.")] = None,
    policy_pack: Annotated[Path, typer.Option(help="The policy pack's folder.")] = Path("policies"),
    config: Annotated[
        Path | None,
        typer.Option(
            help="Levels, limits and exemptions of the policies, as for `check`; {stack} is the stack's name."
        ),
    ] = None,
    tree: Annotated[
        Path | None,
        typer.Option(help="Checkout of the repository that GitOps engines read; the project unless given."),
    ] = None,
    root: Root = None,
    json: AsJson = False,
) -> None:
    """Judge a change: validate, preview every changed stack and read its tree in Git under the policies.

    Exit 1 where it may not go on."""
    # Only this verb needs what these need, and every verb's file is imported before any of them runs.
    from .changes import diff, place_in_repository
    from .comment import as_data, written
    from .judge import review_stacks
    from .sarif import as_sarif

    folder = project_root(root)
    if not (folder / policy_pack / "PulumiPolicy.yaml").is_file():
        raise UserError(f"no policy pack in {folder / policy_pack}: name its folder with --policy-pack")
    with tempfile.TemporaryDirectory(prefix="coalmine-review-") as scratch:
        change = diff(folder, base, Path(scratch) / "base")
        review = review_stacks(folder, change, policy_pack, Path(scratch), tree or folder, config)
    if out is not None:
        _write(out, written(review))
    if sarif is not None:
        _write(sarif, as_sarif(review, folder, place_in_repository(folder), folder / policy_pack))
    if json:
        print_json(as_data(review))
    else:
        print(review.verdict if out else written(review).rstrip())
    raise typer.Exit(0 if review.passed else 1)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file}: {(error.strerror or str(error)).lower()}") from None
