"""What a stack's Flux does beside bringing the apps: other sources, folders and charts from them, images, receivers.

All of it stands in Flux's own namespace and refers to nothing in another one. Source: docs/spec of kustomize-controller
v1.9 and helm-controller v1.6.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from .base import Finding, Ruled, Strict
from .container import repeated_values
from .errors import nearest
from .flux_images import FluxImage, FluxImageUpdates, FluxNotice, FluxReceiver
from .flux_sources import FluxSource, HelmSource, ItsName, OciSource
from .gitops import Folder
from .names import DnsLabel, NameRule, NonEmpty, ObjectName
from .objects import is_cluster_wide
from .values import Duration, PositiveDuration

ChartVersion = Annotated[
    str,
    NameRule(
        r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?",
        100,
        "a chart's version: write the exact one, like '1.4.0'; a range moves by itself",
    ),
]
KindName = Annotated[
    str,
    NameRule(
        r"[A-Z][A-Za-z0-9]*(\.[a-z0-9-]+)*",
        253,
        "a kind: write it like 'Service', or with its group like 'Deployment.apps'",
    ),
]
Level = Literal["restricted", "baseline", "privileged"]


class _Brought(Ruled):
    """What is brought to one namespace, with the rights of an account of its own."""

    source: ItsName | None = None
    """Name in `other_sources`; the repository unless given."""
    namespace: DnsLabel
    """Where its objects go; the namespace is made."""
    kinds: list[KindName] = []
    """Kinds that it consists of, e.g. `[Deployment.apps, Service]`: it may manage these, in its namespace."""
    account: ObjectName | None = None
    """Instead of `kinds`, a ServiceAccount of yours in Flux's namespace, as which it is brought."""
    pod_security: Level = "restricted"
    """Pod Security Standard of the namespace; that of apps in it, where they ask for more."""
    depends_on: list[ItsName] = []
    """Others of the same mapping that must be ready first."""
    timeout: PositiveDuration = Duration.of_seconds(300)
    """How long it may take to get ready."""

    def problems(self) -> Iterator[Finding]:
        if not self.kinds and self.account is None:
            yield (
                ("kinds",),
                "is missing, so it may bring nothing: write its kinds, like [Deployment.apps, Service], or name in "
                "'account' one of yours",
            )
        if self.kinds and self.account is not None:
            yield ("kinds",), "is for an account that is made, and 'account' names one of yours: leave one out"
        yield from repeated_values("kinds", self.kinds)
        for index, kind in enumerate(self.kinds):
            if is_cluster_wide(kind.partition(".")[0]):
                yield (
                    ("kinds", index),
                    f"{kind} is the whole cluster's, and this account has rights in its namespace only: name in "
                    "'account' one of yours",
                )


class FluxFolder(_Brought):
    """A folder of manifests, Flux's Kustomization: applied, kept so, and waited for until all of it is ready."""

    path: Folder | None = None
    """Folder in the source; all of it unless given."""


class FluxChart(_Brought):
    """A Helm chart, Flux's HelmRelease; an upgrade that does not get ready is rolled back."""

    chart: NonEmpty | None = None
    """Name of the chart in a repository of charts, or its folder in another source; an `oci` source is one chart."""
    version: ChartVersion | None = None
    """Exact version, from a repository of charts."""
    values: dict[str, Any] = {}
    """Values of the chart; what is secret stands in `secret_values`."""
    secret_values: ObjectName | None = None
    """Name of a Secret in Flux's namespace with more values, under `values.yaml`."""


class FluxMore(Strict):
    """The keys of `gitops` by which Flux does more than bring apps."""

    other_sources: dict[ItsName, FluxSource] = {}
    """By name, sources beside the repository, for `folders` and `charts`."""
    folders: dict[ItsName, FluxFolder] = {}
    """By name, folders of manifests that are no apps."""
    charts: dict[ItsName, FluxChart] = {}
    """By name, Helm charts that are no apps."""
    images: dict[ItsName, FluxImage] = {}
    """By name, images whose new tags are looked for."""
    image_updates: FluxImageUpdates | None = None
    """Writes the newest tags of `images` to the repository."""
    receivers: dict[ItsName, FluxReceiver] = {}
    """By name, addresses for webhooks."""
    notify: list[FluxNotice] = []
    """Channels that hear what Flux does."""

    def more_problems(self) -> Iterator[Finding]:
        """What of these keys does not fit together."""
        for key in ("folders", "charts"):
            yield from _about_others(key, getattr(self, key))
        yield from self._about_folders()
        for name, chart in self.charts.items():
            yield from ((("charts", name, *path), said) for path, said in self._about_chart(chart))
        for name, receiver in self.receivers.items():
            yield from _unknown(("receivers", name, "sources"), receiver.sources, self.other_sources)
            yield from _unknown(("receivers", name, "images"), receiver.images, self.images)
        if self.image_updates is not None and not self.images:
            yield ("image_updates",), "has no image to look for: say which in 'images'"
        channels = [one.channel for one in self.notify]
        for index, channel in enumerate(channels):
            if channel in channels[:index]:
                yield ("notify", index, "channel"), f"'{channel}' is there twice"

    def holds_chart(self, source: str) -> bool:
        """Whether a source of the kind `oci` is a chart."""
        return any(chart.source == source for chart in self.charts.values())

    def _about_folders(self) -> Iterator[Finding]:
        for name, folder in self.folders.items():
            place = ("folders", name, "source")
            found = self.other_sources.get(folder.source or "")
            if folder.source is not None and found is None:
                yield place, _no_source(folder.source, self.other_sources)
            elif isinstance(found, HelmSource):
                yield place, f"'{folder.source}' holds charts: bring one by 'charts'"
            elif isinstance(found, OciSource) and self.holds_chart(folder.source or ""):
                yield place, f"'{folder.source}' is a chart, which 'charts' brings: give the folder another source"

    def _about_chart(self, chart: FluxChart) -> Iterator[Finding]:
        source = self.other_sources.get(chart.source or "")
        if chart.source is not None and source is None:
            yield ("source",), _no_source(chart.source, self.other_sources)
            return
        if isinstance(source, OciSource):
            for key in ("chart", "version"):
                if getattr(chart, key) is not None:
                    yield (key,), f"'{chart.source}' is one chart of one version: leave it out"
        elif chart.chart is None:
            yield ("chart",), "is missing: name the chart, or its folder in the source"
        if isinstance(source, HelmSource) and chart.version is None:
            yield ("version",), "is missing: write the exact one, like '1.4.0'"
        if not isinstance(source, HelmSource | OciSource) and chart.version is not None:
            yield ("version",), "is that of the chart's files in the source: leave it out"


def _no_source(name: str, known: Mapping[str, Any]) -> str:
    return f"no such source '{name}' in 'other_sources'{nearest(name, known)}"


def _unknown(place: tuple[str, ...], names: Sequence[str], known: Mapping[str, Any]) -> Iterator[Finding]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*place, index), f"'{name}' is there twice"
        elif name not in known:
            yield (*place, index), f"no such name '{name}'{nearest(name, known)}"


def _about_others(key: str, brought: Mapping[str, _Brought]) -> Iterator[Finding]:
    """Names that nobody has, and circles, in what waits for others."""
    for name, one in brought.items():
        yield from _unknown((key, name, "depends_on"), one.depends_on, brought)
        if name in _all_before(name, brought):
            yield (key, name, "depends_on"), f"'{name}' would wait for itself: take the circle out"


def _all_before(name: str, brought: Mapping[str, _Brought]) -> set[str]:
    """All that must be ready before one of them, whatever is between."""
    found: set[str] = set()
    left = list(brought[name].depends_on)
    while left:
        one = left.pop()
        if one not in found and one in brought:
            found.add(one)
            left += brought[one].depends_on
    return found
