"""Flux's objects for what a stack's `gitops` asks of it beside the apps; none names a namespace but its own.

Source: docs/spec of source-controller v1.9, kustomize-controller v1.9, helm-controller v1.6, the image controllers v1.2
and notification-controller v1.9.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..record import record
from ..spec.flux import FluxChart, FluxFolder, FluxMore
from ..spec.flux_images import FluxImage, FluxImageUpdates, FluxReceiver
from ..spec.flux_sources import BucketSource, FluxSource, HelmSource, OciSource
from .meta import Manifest, without_nothing
from .rights import rules

GIT = "GitRepository"
_SOURCES = "source.toolkit.fluxcd.io/v1"
_IMAGES = "image.toolkit.fluxcd.io/v1"
_RBAC = "rbac.authorization.k8s.io"
_KINDS = {"helm": "HelmRepository", "oci": "OCIRepository", "bucket": "Bucket"}
_CHART_LAYER = {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"}
_RETRIES = 3


@record
class Place:
    """Where these objects stand.

    Fields: `namespace`: Flux's; `repository`: name of its GitRepository; `branch`: that the cluster follows;
    `interval`: how often things are looked at.
    """

    namespace: str
    repository: str
    branch: str
    interval: str

    def object(self, api_version: str, kind: str, name: str, spec: Mapping[str, Any]) -> Manifest:
        """An object of Flux's own namespace, without what says nothing."""
        metadata = {"name": name, "namespace": self.namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": without_nothing(spec)}

    def reference(self, more: FluxMore, source: str | None) -> Manifest:
        """A source as others name it."""
        if source is None:
            return {"kind": GIT, "name": self.repository}
        return {"kind": _KINDS[more.other_sources[source].kind], "name": source}


def others(more: FluxMore, place: Place) -> Iterator[Manifest]:
    """The sources beside the repository, and the accounts of what is brought from them; before `orders`."""
    for name, source in more.other_sources.items():
        kind, spec = _KINDS[source.kind], _source(source, more.holds_chart(name))
        yield place.object(_SOURCES, kind, name, {"interval": place.interval, **spec, **_secret(source.secret)})
    for name, folder in more.folders.items():
        if folder.account is None:
            yield from _rights(_folder_account(name), folder.namespace, place, folder.kinds)
    for name, chart in more.charts.items():
        if chart.account is None:
            # Helm keeps what it has installed in Secrets.
            yield from _rights(_chart_account(name), chart.namespace, place, [*chart.kinds, "Secret"])


def orders(more: FluxMore, place: Place) -> Iterator[Manifest]:
    """What has Flux bring, look for and take calls."""
    yield from (_folder(name, one, more, place) for name, one in more.folders.items())
    yield from (_chart(name, one, more, place) for name, one in more.charts.items())
    for name, image in more.images.items():
        yield from _image(name, image, place)
    if more.image_updates is not None:
        yield _updates(more.image_updates, place)
    yield from (_receiver(name, one, more, place) for name, one in more.receivers.items())


def _source(source: FluxSource, is_chart: bool) -> Manifest:
    if isinstance(source, HelmSource):
        return {"url": source.url, "type": "oci" if source.url.startswith("oci://") else None}
    if isinstance(source, OciSource):
        return _artefact(source, is_chart)
    return _bucket(source)


def _artefact(source: OciSource, is_chart: bool) -> Manifest:
    return {
        "url": source.url,
        "ref": without_nothing({"tag": source.tag, "semver": source.semver, "digest": source.digest}),
        "layerSelector": dict(_CHART_LAYER) if is_chart else None,
        "verify": {"provider": "cosign", **_secret(source.signed_by)} if source.signed_by else None,
    }


def _bucket(source: BucketSource) -> Manifest:
    return {
        "endpoint": source.endpoint,
        "bucketName": source.bucket,
        "region": source.region,
        "prefix": source.prefix,
        "provider": source.provider,
    }


def _secret(name: str | None) -> Manifest:
    return {"secretRef": {"name": name}} if name else {}


def _folder_account(name: str) -> str:
    return f"bring-folder-{name}"


def _chart_account(name: str) -> str:
    return f"bring-chart-{name}"


def _rights(account: str, namespace: str, place: Place, kinds: Sequence[str]) -> Iterator[Manifest]:
    """An account in Flux's namespace that may manage some kinds in one namespace, and nothing else."""
    subject = {"kind": "ServiceAccount", "name": account, "namespace": place.namespace}
    own = {"name": account, "namespace": place.namespace}
    metadata = {"name": account, "namespace": namespace}
    yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": own, "automountServiceAccountToken": False}
    yield {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": rules(map(_of_kind, kinds))}
    yield {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": account},
        "subjects": [subject],
    }


def _of_kind(name: str) -> Manifest:
    kind, _, group = name.partition(".")
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind}


def _folder(name: str, folder: FluxFolder, more: FluxMore, place: Place) -> Manifest:
    spec = {
        "interval": place.interval,
        "timeout": str(folder.timeout),
        "path": f"./{folder.path}" if folder.path else None,
        "prune": True,
        "wait": True,
        "targetNamespace": folder.namespace,
        "serviceAccountName": folder.account or _folder_account(name),
        "sourceRef": place.reference(more, folder.source),
        "dependsOn": [{"name": one} for one in folder.depends_on],
    }
    return place.object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, spec)


def _chart(name: str, chart: FluxChart, more: FluxMore, place: Place) -> Manifest:
    reference = place.reference(more, chart.source)
    is_whole = reference["kind"] == _KINDS["oci"]
    said = without_nothing({"chart": chart.chart, "version": chart.version, "sourceRef": reference})
    spec = {
        "interval": place.interval,
        "timeout": str(chart.timeout),
        "releaseName": name,
        "targetNamespace": chart.namespace,
        # Else in Flux's own, whose Secrets are everybody's credentials.
        "storageNamespace": chart.namespace,
        "serviceAccountName": chart.account or _chart_account(name),
        "chart": None if is_whole else {"spec": said},
        "chartRef": reference if is_whole else None,
        "install": {"remediation": {"retries": _RETRIES}},
        "upgrade": {"remediation": {"retries": _RETRIES, "remediateLastFailure": True, "strategy": "rollback"}},
        "dependsOn": [{"name": one} for one in chart.depends_on],
        "values": chart.values,
        "valuesFrom": [{"kind": "Secret", "name": chart.secret_values}] if chart.secret_values else None,
    }
    return place.object("helm.toolkit.fluxcd.io/v2", "HelmRelease", name, spec)


def _image(name: str, image: FluxImage, place: Place) -> Iterator[Manifest]:
    looked = {"image": image.image, "interval": place.interval, **_secret(image.secret)}
    yield place.object(_IMAGES, "ImageRepository", name, looked)
    policy = {
        "semver": {"range": image.semver} if image.semver else None,
        "numerical": {"order": image.numerical} if image.numerical else None,
        "alphabetical": {"order": image.alphabetical} if image.alphabetical else None,
    }
    spec = {
        "imageRepositoryRef": {"name": name},
        "filterTags": without_nothing({"pattern": image.tags, "extract": image.extract}),
        "policy": without_nothing(policy),
        "digestReflectionPolicy": "IfNotPresent" if image.digest else "Never",
    }
    yield place.object(_IMAGES, "ImagePolicy", name, spec)


def _updates(asked: FluxImageUpdates, place: Place) -> Manifest:
    git = {
        "checkout": {"ref": {"branch": place.branch}},
        "commit": {"author": {"name": "Flux", "email": asked.author}, "messageTemplate": asked.message},
        "push": {"branch": asked.branch},
    }
    spec = {
        "interval": place.interval,
        "sourceRef": {"kind": GIT, "name": place.repository},
        "git": git,
        "update": without_nothing({"strategy": "Setters", "path": f"./{asked.path}" if asked.path else None}),
    }
    return place.object(_IMAGES, "ImageUpdateAutomation", place.repository, spec)


def _receiver(name: str, receiver: FluxReceiver, more: FluxMore, place: Place) -> Manifest:
    looked = [place.reference(more, one) for one in receiver.sources]
    looked += [{"kind": "ImageRepository", "name": one} for one in receiver.images]
    spec = {
        "type": receiver.type,
        "events": receiver.events,
        "resources": looked or [place.reference(more, None)],
        **_secret(receiver.secret),
    }
    return place.object("notification.toolkit.fluxcd.io/v1", "Receiver", name, spec)
