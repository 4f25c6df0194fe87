"""The reference page of the bundles: the versions of each, where they come from, and what was run of them."""

from collections.abc import Iterator

from . import bundles
from .platform.bundle import Bundle, bundle
from .platform.images import NEVER_RUN

_HEAD = """# Bundles: versions that go together

<!-- Generated from the table and the files of bundles: `{command}`. Do not edit. -->

`coalmine:platform: {{bundle: "{newest}"}}` names the versions of everything that the platform installs; the newest one
unless you do. CI and the local cluster run the newest, on real traffic: its controllers and servers, but for those that
the tables mark as *never run*, of which CI knows only that a real API server takes their objects. Of the earlier
ones CI renders every object; their programs are not run again.

Upstream files are used only with these digests, wherever they come from. Images are named by exact tags; none was
pulled here. `coalmine bundle resolve` [adds the digests](../how-to/install-without-internet.md) that your registry has.
"""


def bundles_page(command: str) -> str:
    """The page as Markdown."""
    head = _HEAD.format(command=command, newest=bundles.NEWEST)
    return head + "".join(part for name in bundles.names() for part in _sections(bundle(name)))


def _sections(of: Bundle) -> Iterator[str]:
    newest = ", the newest" if of.name == bundles.NEWEST else ""
    yield f"\n## {of.name}{newest}\n\nFor {', '.join(f'`{piece}`' for piece in sorted(of.pieces))}. "
    yield f"Tested up to Kubernetes {of.kubernetes}.\n"
    yield "\n| upstream files | version | Kubernetes | sha256 | from |\n|---|---|---|---|---|\n"
    for name, source in sorted(of.sources.items()):
        least = f"from {source.kubernetes}" if source.kubernetes else ""
        yield f"| {name} | `{source.module.version}` | {least} | `{source.sha256}` | <{source.url}> |\n"
    yield "\n| image | tag | in CI |\n|---|---|---|\n"
    for repository, tag in sorted(of.images.items()):
        yield f"| {repository} | `{tag}` | {'*never run*' if repository in NEVER_RUN else ''} |\n"
