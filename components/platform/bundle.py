"""The bundle of a stack: which version of every piece the platform installs, and whether they fit the cluster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from .. import bundles
from ..record import record
from ..releases import KUBERNETES, GoModule
from ..spec.cluster import StackSpec
from ..spec.errors import Problem
from ..spec.load import DIGESTS_KEY, LoadedStack
from ..spec.origin import NAMESPACE
from ..spec.upstream import Mirror
from .images import images, split
from .piece import Piece, piece_names, pieces_of
from .sources import FOR_CHECKS, SOURCES, Source, SourceError


@record
class Bundle:
    """Versions that were tested together.

    Fields: `name`; `kubernetes`: the newest version of Kubernetes that they were tested on; `pieces`: the names of the
    pieces that there were; `sources`: their upstream files by name; `images`: the tags of their images by repository;
    `mirror`, `digests`: of the stack, where its files and images are, and the digests of images by their public names.
    """

    name: str
    kubernetes: str
    pieces: Sequence[str]
    sources: Mapping[str, Source]
    images: Mapping[str, str]
    mirror: Mirror | None = None
    digests: Mapping[str, str] | None = None

    def source(self, newest: Source) -> Source:
        """This bundle's version of upstream files. Raises SourceError where it has none."""
        if newest.name not in self.sources:
            raise SourceError(f"bundle '{self.name}' has no {newest.name}")
        source = self.sources[newest.name]
        return replace(source, mirror=self.mirror.files) if self.mirror and self.mirror.files else source

    def tag(self, newest: str) -> str:
        """The tag that an image of the table has in this bundle. Raises SourceError where it has none."""
        repository, _ = split(newest)
        if repository not in self.images:
            raise SourceError(f"bundle '{self.name}' has no image {repository}")
        return self.images[repository]

    def image(self, newest: str) -> str:
        """An image of the table as a stack with this bundle names it.

        Raises SourceError where there is none, or where the stack gives digests and none for it.
        """
        public = f"{split(newest)[0]}:{self.tag(newest)}"
        if self.digests is None:
            return self._mirrored(public)
        if public not in self.digests:
            mend = "run `coalmine bundle resolve` again, which asks your registry"
            raise SourceError(f"has no digest of {public}: {mend}", DIGESTS_KEY)
        return f"{self._mirrored(public)}@{self.digests[public]}"

    def public(self, image: str) -> str:
        """The public name, with its tag, of an image as `image` gives it."""
        prefix = f"{self.mirror.images}/" if self.mirror and self.mirror.images else ""
        return image.partition("@")[0].removeprefix(prefix)

    def _mirrored(self, public: str) -> str:
        return f"{self.mirror.images}/{public}" if self.mirror and self.mirror.images else public


def bundle_of(stack: StackSpec) -> Bundle:
    """The bundle that a stack chooses, with where the stack gets it from."""
    chosen, given = bundle(stack.platform.bundle), stack.platform
    if given.mirror is None and given.image_digests is None:
        return chosen
    return replace(chosen, mirror=given.mirror, digests=given.image_digests)


@cache
def bundle(name: str) -> Bundle:
    """A bundle by its name. Raises KeyError for an unknown one."""
    if name == bundles.NEWEST:
        return Bundle(
            name=name,
            kubernetes=_minor(KUBERNETES.version),
            pieces=piece_names(),
            sources={source.name: source for source in SOURCES if source not in FOR_CHECKS},
            images=images(),
        )
    said = bundles.frozen(name)
    return Bundle(
        name=name,
        kubernetes=said["kubernetes"],
        pieces=tuple(said["pieces"]),
        sources={key: _source(key, one) for key, one in said["sources"].items()},
        images=said["images"],
    )


def as_data(of: Bundle) -> dict[str, Any]:
    """A bundle as its file says it; `name` is the file's."""
    return {
        "kubernetes": of.kubernetes,
        "pieces": list(of.pieces),
        "sources": {name: _source_as_data(source) for name, source in sorted(of.sources.items())},
        "images": dict(sorted(of.images.items())),
    }


def _source(name: str, said: Mapping[str, Any]) -> Source:
    module = GoModule(name=name, path=said["module"], version=said["version"], build_seconds=0)
    return Source(name, module, tuple(said["paths"]), said["url"], said["sha256"], said.get("kubernetes", ""))


def _source_as_data(source: Source) -> dict[str, Any]:
    least = {"kubernetes": source.kubernetes} if source.kubernetes else {}
    return {
        "module": source.module.path,
        "version": source.module.version,
        "paths": list(source.paths),
        "url": source.url,
        "sha256": source.sha256,
        **least,
    }


def problems(loaded: LoadedStack) -> Iterator[Problem]:
    """What of a stack its bundle does not have, and why its cluster is none for the bundle."""
    for path, message in _problems(loaded.spec):
        yield Problem(loaded.file, f"{NAMESPACE}:{path}", message)


def _problems(stack: StackSpec) -> Iterator[tuple[str, str]]:
    chosen, wanted = bundle_of(stack), list(pieces_of(stack))
    for piece in wanted:
        if piece.name not in chosen.pieces:
            yield "platform.bundle", f"'{chosen.name}' has no {piece.name}: {_with(piece)}"
        else:
            yield from _too_old(stack, chosen, piece)
    given = stack.cluster.kubernetes
    if wanted and _numbers(given) > _numbers(chosen.kubernetes):
        newer = [name for name in bundles.names() if _numbers(bundle(name).kubernetes) >= _numbers(given)]
        mend = f"choose bundle '{newer[-1]}'" if newer else "no bundle was: take a newer release of Coalmine"
        ran = f"bundle '{chosen.name}' was tested up to Kubernetes {chosen.kubernetes}, not on {given}"
        yield "cluster.kubernetes", f"{ran}: {mend}, or install the platform's pieces yourself (`install: false`)"


def _with(piece: Piece) -> str:
    """How to get a piece that a bundle lacks."""
    having = [name for name in bundles.names() if piece.name in bundle(name).pieces]
    return f"choose '{having[-1]}', or have none installed (platform.{piece.name.replace('-', '_')}.install: false)"


def _too_old(stack: StackSpec, chosen: Bundle, piece: Piece) -> Iterator[tuple[str, str]]:
    for newest in piece.sources:
        source = chosen.source(newest)
        if source.kubernetes and _numbers(stack.cluster.kubernetes) < _numbers(source.kubernetes):
            what = f"{piece.name} of bundle '{chosen.name}' needs Kubernetes {source.kubernetes} or newer"
            fits = [name for name in bundles.names() if _serves(name, newest, stack.cluster.kubernetes)]
            mend = f"choose bundle '{fits[0]}'" if fits else "upgrade the cluster"
            off = f"platform.{piece.name.replace('-', '_')}.install: false"
            yield "cluster.kubernetes", f"{what}, not {stack.cluster.kubernetes}: {mend}, or set {off}"


def _serves(name: str, newest: Source, kubernetes: str) -> bool:
    source = bundle(name).sources.get(newest.name)
    return source is not None and _numbers(kubernetes) >= _numbers(source.kubernetes or "0")


def _minor(version: str) -> str:
    return ".".join(version.removeprefix("v").split(".")[:2])


def _numbers(version: str) -> list[int]:
    """Of the minor version: its patches change nothing that a release depends on."""
    return [int(part) for part in _minor(version).split(".")]
