"""Pinned upstream files that the platform installs from: found, verified by digest, kept in the cache.

Looked for in this order: the cache (`releases/`), the unpacked Go module in the cache (`go/mod/`, there wherever the
tool of the same release was built), a download from the stack's mirror, or from the public address where it has none.
What does not have the recorded digest is refused, wherever it came from.

`python -m components.platform.sources fetch [--go PROGRAM]` fills the cache beforehand; `digest NAME [VERSION]` says
what the digest of a row is to be.
"""

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from ..record import record
from ..releases import (
    ARGO_CD,
    ARGO_ROLLOUTS,
    CONTOUR,
    FLAGGER,
    FLUX,
    FLUX_RELEASE,
    GATEWAY_API,
    ISTIO,
    KEDA,
    PROMETHEUS_OPERATOR,
    GoModule,
)
from .cache import cache_dir

_DOWNLOAD_SECONDS = 60
_MIRROR = "platform.mirror.files"


class SourceError(Exception):
    """An upstream file is not there or is not the pinned one; one line with the remedy.

    `path`: the key of the stack's that sent us there, "" where none did.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


@record
class Source:
    """Files of one upstream release.

    Fields: `name`: folder in the cache; `module`: the Go module of that release, which holds the files too; `paths`:
    files and folders inside it; `url`: the public address of the file (one path), or of a .tar.gz of the whole tree;
    `sha256`: see `digest`; `kubernetes`: the lowest version of Kubernetes that the release works with, "" where it
    names none; `mirror`: address of a folder that is asked instead of the public host, which begins the path below it.
    """

    name: str
    module: GoModule
    paths: tuple[str, ...]
    url: str
    sha256: str
    kubernetes: str = ""
    mirror: str = ""

    @property
    def address(self) -> str:
        """Where it is downloaded from."""
        return f"{self.mirror}/{self.url.partition('://')[2]}" if self.mirror else self.url


ARGO_CD_INSTALL = Source(
    name="argo-cd",
    module=ARGO_CD,
    paths=("manifests/install.yaml",),
    url=f"https://raw.githubusercontent.com/argoproj/argo-cd/{ARGO_CD.version}/manifests/install.yaml",
    sha256="7be23ca7d9ca3d3074dee8332f1ca92a933b990cee7c9cf22cf3843ee8c2913e",
)

ARGO_CD_HA_INSTALL = Source(
    name="argo-cd-ha",
    module=ARGO_CD,
    paths=("manifests/ha/install.yaml",),
    url=f"https://raw.githubusercontent.com/argoproj/argo-cd/{ARGO_CD.version}/manifests/ha/install.yaml",
    sha256="37b0e8f5ff512017cda28578fecdb585267ec69e02954a67449296724635b05a",
)

ARGO_ROLLOUTS_INSTALL = Source(
    name="argo-rollouts",
    module=ARGO_ROLLOUTS,
    paths=("manifests/install.yaml",),
    url=f"https://raw.githubusercontent.com/argoproj/argo-rollouts/{ARGO_ROLLOUTS.version}/manifests/install.yaml",
    sha256="2701f5ff276e2a41b41d4d7cf8beeb7a62c6c850a34b71f031a29bbb656d543b",
)

FLAGGER_CHART = Source(
    name="flagger-chart",
    module=FLAGGER,
    paths=("charts/flagger",),
    url=f"https://github.com/fluxcd/flagger/archive/refs/tags/{FLAGGER.version}.tar.gz",
    sha256="c7d5230b268be573f31dad053e9d274dbc0948d4242e29067eff67d362ea6567",
    # `kubeVersion` of its Chart.yaml.
    kubernetes="1.19",
)

ISTIO_CHARTS = Source(
    name="istio-charts",
    module=ISTIO,
    paths=(
        "manifests/charts/base",
        "manifests/charts/gateway",
        "manifests/charts/istio-cni",
        "manifests/charts/istio-control/istio-discovery",
    ),
    url=f"https://github.com/istio/istio/archive/{ISTIO.version.rsplit('-', 1)[-1]}.tar.gz",
    sha256="7f39e6c743b27da0bfa5e7175fd35f07f0999713e0bcf554996f9b55032940c8",
    # MinK8SVersion in its istioctl/pkg/install/k8sversion.
    kubernetes="1.32",
)

FLUX_MANIFESTS = Source(
    name="flux-operator",
    module=FLUX,
    paths=(f"config/data/flux/{FLUX_RELEASE}",),
    url=f"https://github.com/controlplaneio-fluxcd/flux-operator/archive/refs/tags/{FLUX.version}.tar.gz",
    sha256="30c1612b96cbfaa6dbc1ebc4315b02e1cfc28f5838e86d3674df488e68839768",
    # kubernetesConstraints in flux2's cmd/flux/check.go.
    kubernetes="1.33",
)

CONTOUR_INSTALL = Source(
    name="contour-install",
    module=CONTOUR,
    paths=("examples/render/contour-deployment.yaml",),
    url=(
        f"https://raw.githubusercontent.com/projectcontour/contour/{CONTOUR.version}/"
        "examples/render/contour-deployment.yaml"
    ),
    sha256="e045246721bf45985a807c0b4605f854c450288e0581b5c9e93506c0070a6ca8",
)

GATEWAY_API_KINDS = Source(
    name="gateway-api-standard",
    module=GATEWAY_API,
    paths=("config/crd/standard",),
    url=f"https://github.com/kubernetes-sigs/gateway-api/archive/refs/tags/{GATEWAY_API.version}.tar.gz",
    sha256="0c082a9ecc06ce5fe7d26958a42bcac79ab273adedb021bbe7c202011f135c35",
)

KEDA_SCALED_OBJECTS = Source(
    name="keda-scaled-objects",
    module=KEDA,
    paths=("config/crd/bases/keda.sh_scaledobjects.yaml",),
    url=(f"https://raw.githubusercontent.com/kedacore/keda/{KEDA.version}/config/crd/bases/keda.sh_scaledobjects.yaml"),
    sha256="af35555862a83933b074af14ad439c4b4ceabaf4daa3e9338e9b23e36d308d80",
)
"""For checks alone: the platform does not install KEDA."""

_OPERATORS = "example/prometheus-operator-crd/monitoring.coreos.com_"
PROMETHEUS_OPERATOR_KINDS = Source(
    name="prometheus-operator-kinds",
    module=PROMETHEUS_OPERATOR,
    paths=tuple(
        f"{_OPERATORS}{kinds}.yaml"
        for kinds in ("alertmanagerconfigs", "alertmanagers", "podmonitors", "prometheusrules")
    ),
    url=(
        "https://github.com/prometheus-operator/prometheus-operator/archive/refs/tags/"
        f"{PROMETHEUS_OPERATOR.version}.tar.gz"
    ),
    sha256="b1cda0972817be7333eb870105c326ed28253330702023bda89592f1e8eace3a",
)
"""For checks alone: the operator is the cluster's own."""

FOR_CHECKS = (KEDA_SCALED_OBJECTS, PROMETHEUS_OPERATOR_KINDS)
"""What belongs to no bundle, because no cluster gets it."""

SOURCES = (
    ARGO_CD_INSTALL,
    ARGO_CD_HA_INSTALL,
    ARGO_ROLLOUTS_INSTALL,
    CONTOUR_INSTALL,
    FLAGGER_CHART,
    FLUX_MANIFESTS,
    GATEWAY_API_KINDS,
    ISTIO_CHARTS,
    KEDA_SCALED_OBJECTS,
    PROMETHEUS_OPERATOR_KINDS,
)


def locate(source: Source) -> Path:
    """The folder that holds the source's paths, verified. Raises SourceError."""
    kept = cache_dir() / "releases" / f"{source.name}-{source.module.version}"
    if not kept.is_dir():
        unpacked = _module_dir(source.module)
        with tempfile.TemporaryDirectory(dir=_made(kept.parent), prefix=f".{source.name}.") as scratch:
            if unpacked.is_dir():
                _copy(source, unpacked, Path(scratch))
            else:
                _download(source, Path(scratch))
                _verify_download(source, Path(scratch))
            verify(source, Path(scratch))
            _settle(Path(scratch), kept)
    verify(source, kept)
    return kept


def verify(source: Source, root: Path) -> None:
    """Compares the files below `root` with the recorded digest. Raises SourceError."""
    found = digest(source, root)
    if found != source.sha256:
        problem = f"{source.name} {source.module.version} in {root} is not the pinned release"
        raise SourceError(f"{problem} (sha256 {found}, expected {source.sha256}): delete that folder and run again")


def _verify_download(source: Source, root: Path) -> None:
    """Says of a mirror where the right file is: there is no folder to delete."""
    found = digest(source, root)
    if source.mirror and found != source.sha256:
        problem = f"{source.address} is not {source.name} {source.module.version}"
        wanted = f"(sha256 {found}, expected {source.sha256}): replace it by what is at {source.url}"
        raise SourceError(f"{problem} {wanted}", _MIRROR)


def digest(source: Source, root: Path) -> str:
    """sha256 of a source that is one file, else over the lines `<sha256 of the file>  <its path>`, sorted by path."""
    if (root / source.paths[0]).is_file() and len(source.paths) == 1:
        return hashlib.sha256((root / source.paths[0]).read_bytes()).hexdigest()
    total = hashlib.sha256()
    for path in sorted(_files(source, root)):
        content = hashlib.sha256((root / path).read_bytes()).hexdigest()
        total.update(f"{content}  {path}\n".encode())
    return total.hexdigest()


def fetch(go: str | None = None, sources: Iterable[Source] = SOURCES) -> None:
    """Brings sources into the cache; `go` downloads the modules that are not unpacked yet. Raises SourceError."""
    for source in sources:
        kept = cache_dir() / "releases" / f"{source.name}-{source.module.version}"
        if go and not kept.is_dir():
            module_files(source.module, go)
        locate(source)


def module_files(module: GoModule, go: str) -> Path:
    """The folder of an unpacked Go module, which `go` downloads where it is not there yet. Raises SourceError."""
    if not _module_dir(module).is_dir():
        _download_module(module, go)
    return _module_dir(module)


def _files(source: Source, root: Path) -> Iterator[str]:
    for path in source.paths:
        place = root / path
        inside = place.rglob("*") if place.is_dir() else [place]
        yield from (file.relative_to(root).as_posix() for file in inside if file.is_file())


def _module_dir(module: GoModule) -> Path:
    return cache_dir() / "go" / "mod" / f"{module.path}@{module.version}"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _copy(source: Source, unpacked: Path, to: Path) -> None:
    for path in _files(source, unpacked):
        _made((to / path).parent)
        # Content only: the module cache is read-only, and what is kept here must stay removable.
        shutil.copyfile(unpacked / path, to / path)


def _settle(scratch: Path, kept: Path) -> None:
    """Moves a complete folder into place; another process that was faster has put the same files there."""
    whole = scratch / ".whole"
    whole.mkdir()
    for entry in sorted(scratch.iterdir()):
        if entry != whole:
            entry.rename(whole / entry.name)
    whole.chmod(0o755)
    try:
        whole.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise


def _download(source: Source, to: Path) -> None:
    # Only here: the commands that work offline import this file, and these would be a tenth of their start.
    import tarfile
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(source.address, timeout=_DOWNLOAD_SECONDS) as answer:
            content = answer.read()
        if source.address.endswith(".tar.gz"):
            _unpack(source, content, to)
        else:
            _made((to / source.paths[0]).parent)
            (to / source.paths[0]).write_bytes(content)
    except (urllib.error.URLError, OSError, EOFError, tarfile.TarError) as error:
        reason = getattr(error, "reason", None) or error
        if source.mirror:
            mend = f"put there what is at {source.url}"
            raise SourceError(f"{source.address} cannot be read ({reason}): {mend}", _MIRROR) from None
        raise SourceError(
            f"{source.name} {source.module.version} cannot be downloaded from {source.url} ({reason}): "
            "check the network, or run `make up` once where Go modules can be fetched"
        ) from None


def _unpack(source: Source, content: bytes, to: Path) -> None:
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            # The archive's first folder is named after the commit.
            inside = PurePosixPath(*PurePosixPath(member.name).parts[1:]).as_posix()
            if member.isfile() and any(f"{inside}/".startswith(f"{path}/") for path in source.paths):
                data = archive.extractfile(member)
                _made((to / inside).parent)
                (to / inside).write_bytes(data.read() if data else b"")


def _download_module(module: GoModule, go: str) -> None:
    command = [go, "mod", "download", "-json", f"{module.path}@{module.version}"]
    env = {"GOMODCACHE": str(cache_dir() / "go" / "mod"), "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    with tempfile.TemporaryDirectory() as outside_of_any_module:
        ran = _run_go(command, env, outside_of_any_module)
    if ran.returncode != 0:
        said = json.loads(ran.stdout or "{}").get("Error") or ran.stderr.strip()
        raise SourceError(f"Go module {module.path}@{module.version} cannot be downloaded: {said.splitlines()[0]}")


def _run_go(command: list[str], env: dict[str, str], folder: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise SourceError(f"{command[0]} cannot be run: {(error.strerror or str(error)).lower()}") from None


def fetched_digest(name: str, version: str | None, go: str) -> str:
    """The digest of a source as a Go module holds it, in a version of its own or another. Raises SourceError."""
    found = [source for source in SOURCES if source.name == name]
    if not found:
        raise SourceError(f"no source '{name}' (known: {', '.join(source.name for source in SOURCES)})")
    [source] = found
    module = replace(source.module, version=version or source.module.version)
    return digest(source, module_files(module, go))


def main(arguments: list[str]) -> int:
    """`fetch` or `digest NAME [VERSION]`, both with `--go PROGRAM`: 0, or 1 with one line that says what failed."""
    parser = argparse.ArgumentParser(prog="sources", description="Upstream files that the platform installs from")
    parser.add_argument("--go", help="a Go program that downloads modules which are not in the cache")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("fetch", help="bring all of them into the cache").add_argument("--go", default=argparse.SUPPRESS)
    asked = verbs.add_parser("digest", help="print the sha256 that a row is to have")
    asked.add_argument("name")
    asked.add_argument("version", nargs="?", help="of the Go module; the row's own unless given")
    asked.add_argument("--go", default=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        if given.verb == "digest":
            print(fetched_digest(given.name, given.version, given.go or "go"))
        else:
            fetch(given.go, SOURCES)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
