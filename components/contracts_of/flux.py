"""What Flux needs of a notification channel."""

from abc import ABC
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from ..manifests.meta import Manifest
from ..record import record
from ..spec.flux_images import FluxNotice, Told
from .flagger import Credential, secret_name
from .offer import Offer

_API = "notification.toolkit.fluxcd.io/v1beta3"


class FluxChannel(Offer, ABC):
    """A channel that a Provider can reach. Source: notification-controller v1.9, docs/spec/v1beta3/providers.md."""

    flux_type: ClassVar[str]
    """The `type` of the Provider."""

    def flux_fields(self) -> Manifest:
        """What its Provider says beside type and Secret."""
        return {}

    def flux_secret(self) -> Mapping[str, Credential | str]:
        """What must be in its Secret: by default the address alone."""
        return {"address": Credential("address")}


@record
class Listener:
    """Who is told what Flux does.

    Fields: `name`: of the channel, on the cluster; `apps`: names of those of which it hears that they cannot be
    brought; `credentials`: those of the channel that the stack gives, empty where its Secret is in the cluster already;
    `notice`: what else it hears of.
    """

    name: str
    channel: FluxChannel
    apps: tuple[str, ...]
    credentials: Mapping[str, Any]
    notice: FluxNotice | None = None


_ABOUT: Mapping[Told, Sequence[str]] = {
    "apps": ("Kustomization",),
    "charts": ("HelmRelease",),
    "images": ("ImageRepository", "ImagePolicy", "ImageUpdateAutomation"),
    "sources": ("GitRepository", "HelmRepository", "HelmChart", "OCIRepository", "Bucket"),
}
"""The kinds that a notice is about."""


def alerts(namespace: str, repository: str, listeners: Iterable[Listener]) -> list[Manifest]:
    """What tells them, in Flux's namespace; of apps only what fails. `repository`: the source's name.

    Source: notification-controller v1.9, docs/spec/v1beta3/alerts.md.
    """
    return [item for one in listeners for item in _alert(namespace, repository, one)]


def _alert(namespace: str, repository: str, listener: Listener) -> Iterator[Manifest]:
    name = secret_name(listener.name)
    metadata = {"name": name, "namespace": namespace}
    if listener.credentials:
        texts = {
            key: listener.credentials[value.role] if isinstance(value, Credential) else value
            for key, value in listener.channel.flux_secret().items()
        }
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts}
    reached = {"type": listener.channel.flux_type, "secretRef": {"name": name}, **listener.channel.flux_fields()}
    yield {"apiVersion": _API, "kind": "Provider", "metadata": metadata, "spec": reached}
    by = {"providerRef": {"name": name}}
    if listener.apps:
        told_of = [{"kind": "GitRepository", "name": repository}]
        told_of += [{"kind": "Kustomization", "name": app} for app in listener.apps]
        spec = {**by, "eventSeverity": "error", "eventSources": told_of}
        yield {"apiVersion": _API, "kind": "Alert", "metadata": metadata, "spec": spec}
    if listener.notice:
        own = {"name": f"gitops-{listener.name}", "namespace": namespace}
        yield {"apiVersion": _API, "kind": "Alert", "metadata": own, "spec": {**by, **_noticed(listener.notice)}}


def _noticed(notice: FluxNotice) -> Manifest:
    # All of them: the namespace is that of the Alert.
    told_of = [{"kind": kind, "name": "*"} for about in notice.about for kind in _ABOUT[about]]
    left_out = {"exclusionList": list(notice.leave_out)} if notice.leave_out else {}
    return {"eventSeverity": notice.severity, "eventSources": told_of, **left_out}
