"""Writes the file of a bundle: the table's versions, or others, whose content is fetched and digested here.

`python -m components.platform.freeze NAME [--version MODULE=VERSION]... [--tag REPOSITORY=TAG]... [--go PROGRAM]`
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace

import yaml

from .. import bundles
from .bundle import Bundle, as_data, bundle
from .sources import Source, SourceError, digest, module_files

_HEAD = "# Versions of the platform that were tested together. Do not edit; written by\n# {command}\n"


def frozen(name: str, versions: Mapping[str, str], tags: Mapping[str, str], go: str) -> Bundle:
    """The newest bundle under a name, with other versions of some Go modules and other tags of some images.

    Raises SourceError for content that cannot be fetched, KeyError for what the newest bundle does not have.
    """
    newest = bundle(bundles.NEWEST)
    modules = {source.module.path for source in newest.sources.values()}
    for known, given in ((modules, versions), (newest.images, tags)):
        for key in given:
            if key not in known:
                raise KeyError(f"{key} is not in bundle '{newest.name}' (known: {', '.join(sorted(known))})")
    sources = {key: _at(one, versions.get(one.module.path, ""), go) for key, one in newest.sources.items()}
    return replace(newest, name=name, sources=sources, images={**newest.images, **tags})


def _at(source: Source, version: str, go: str) -> Source:
    """Upstream files in another version, with the digest of what was fetched."""
    if version in ("", source.module.version):
        return source
    # The address of a tag names the tag, that of a commit its hash.
    before, after = (one.rsplit("-", 1)[-1] for one in (source.module.version, version))
    module = replace(source.module, version=version)
    other = replace(source, module=module, url=source.url.replace(before, after), sha256="")
    return replace(other, sha256=digest(other, module_files(module, go)))


def _pairs(given: list[str]) -> dict[str, str]:
    return {key: value for key, _, value in (one.partition("=") for one in given)}


def main(arguments: list[str]) -> int:
    """0, or 1 with one line that says what failed."""
    parser = argparse.ArgumentParser(prog="freeze", description="Writes the file of a bundle")
    parser.add_argument("name")
    parser.add_argument("--version", action="append", default=[], help="MODULE=VERSION of upstream files")
    parser.add_argument("--tag", action="append", default=[], help="REPOSITORY=TAG of an image")
    parser.add_argument("--go", default="go", help="the Go program that downloads modules")
    given = parser.parse_args(arguments)
    try:
        made = frozen(given.name, _pairs(given.version), _pairs(given.tag), given.go)
    except (SourceError, KeyError) as error:
        print(error.args[0], file=sys.stderr)
        return 1
    options = [*(f"--version {one}" for one in given.version), *(f"--tag {one}" for one in given.tag)]
    said = " ".join(["python -m components.platform.freeze", given.name, *options])
    text = yaml.safe_dump(as_data(made), sort_keys=False, width=120)
    bundles.file_of(given.name).write_text(_HEAD.format(command=said) + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
