"""Flux: a Kustomization for each app, applied with the rights of a service account of its own.

All of them read one GitRepository, in the namespace of the controllers, which look at no other. Source:
kustomize-controller v1.9 (Flux 2.9), docs/spec/v1/kustomizations.md; source-controller v1.9, docs/spec/v1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Engine
from ..contracts_of.flux import FluxChannel, Listener, alerts
from ..listeners import channels_of, told
from ..manifests.flux import Place, orders, others
from ..manifests.meta import Manifest, without_nothing
from ..manifests.rights import rules
from ..plan import build_plan
from ..spec.app import AppSpec
from ..spec.base import Finding
from ..spec.channels import SecretText
from ..spec.cluster import DeliverySpec, StackSpec
from ..spec.errors import nearest
from ..spec.flux import FluxMore
from ..spec.gitops import CREDENTIALS
from ..spec.names import DnsLabel, ObjectName
from ..spec.platform import FluxController
from ..spec.values import Duration, PositiveDuration
from ..through_git import PHASE_ANNOTATION, Delivered, GitOps, Phase

_SOURCE = "coalmine"
"""Name of the GitRepository, and of the Secret that opens it."""
_RBAC = "rbac.authorization.k8s.io"
_HEALTH: Mapping[str, Mapping[str, str]] = {
    "Rollout": {
        "inProgress": "!has(status.observedGeneration) || status.observedGeneration != string(metadata.generation)",
        "failed": "has(status.phase) && status.phase == 'Degraded'",
        "current": "has(status.phase) && status.phase in ['Healthy', 'Progressing', 'Paused']",
    },
    "Canary": {
        "failed": "has(status.phase) && status.phase == 'Failed'",
        "current": "has(status.phase) && status.phase != ''",
    },
}
"""What the controller cannot see by itself, by the kind of a release.

A release on its way is current: it takes hours, and who waits for it looks at nothing else meanwhile.
"""
_USUAL: Sequence[Manifest] = (
    {"apiVersion": "v1", "kind": "ConfigMap"},
    {"apiVersion": "v1", "kind": "Service"},
    {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"},
    {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"},
)
"""Kinds that come and go as an app changes: what Git does not have any more must still be deleted."""


class Flux(FluxMore, GitOps):
    """Flux, with one GitRepository and a Kustomization for each app; what else it brings has accounts of its own."""

    kind: Literal["flux"] = "flux"
    namespace: DnsLabel = "flux-system"
    """Namespace of Flux, of the GitRepository and of the Kustomizations."""
    secret: ObjectName | None = None
    """Name of a Secret in that namespace that opens the repository, where the stack's `credentials` do not."""
    sops_secret: ObjectName | None = None
    """Name of a Secret in that namespace whose keys open what SOPS encrypted, e.g. an age key under `age.agekey`."""
    interval: PositiveDuration = Duration.of_seconds(60)
    """How often the repository is read, and the cluster compared with it."""

    manager: ClassVar[str] = "kustomize-controller"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "flux",
        "repository": "https://git.example.com/platform/delivery.git",
    }

    def problems(self) -> Iterator[Finding]:
        yield from super().problems()
        yield from self.more_problems()

    def stack_problems(self, stack: StackSpec) -> Iterator[Finding]:
        yield from _lacking(self, stack)
        yield from _unheard(self, stack)
        yield from _in_tree(self, stack)
        if self.image_updates is not None and not stack.credentials.get(CREDENTIALS) and self.secret is None:
            given = " and ".join(f"'{one}'" for one in self.credentials)
            yield (
                ("image_updates",),
                f"nobody may write to {self.repository}: give {given} in 'credentials.{CREDENTIALS}', or name in "
                "'gitops.secret' a Secret of the cluster that holds them",
            )

    def app_problems(self, app: AppSpec) -> Iterator[Finding]:
        if app.name in self.folders:
            yield ("name",), f"'{app.name}' is a folder in 'gitops.folders': give one of the two another name"

    @property
    def brought(self) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
        for key, many in (("folders", self.folders), ("charts", self.charts)):
            yield from (((key, name), one.namespace, one.pod_security) for name, one in many.items())

    @property
    def is_opened(self) -> bool:
        return self.secret is not None or super().is_opened

    @property
    def decrypts(self) -> bool:
        return self.sops_secret is not None

    def sources(self, apps: Iterable[AppSpec], credentials: Mapping[str, SecretText]) -> Sequence[Manifest]:
        opened = _SOURCE if credentials else self.secret
        repository = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "GitRepository",
            "metadata": {"name": _SOURCE, "namespace": self.namespace},
            "spec": {
                "interval": self._interval,
                "url": self.repository,
                "ref": {"branch": self.revision},
                **({"secretRef": {"name": opened}} if opened else {}),
            },
        }
        return [*([self._secret(credentials)] if credentials else []), repository, *others(self, self._place)]

    def orders(self) -> Sequence[Manifest]:
        return list(orders(self, self._place))

    def accounts(self, app: Delivered) -> Sequence[Manifest]:
        account, role = _account(app), f"{app.name}-delivery"
        subject = {"kind": "ServiceAccount", "name": account, "namespace": self.namespace}
        of_app = {"name": role, "namespace": app.namespace}
        return [
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": account, "namespace": self.namespace},
                "automountServiceAccountToken": False,
            },
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "Role",
                "metadata": of_app,
                "rules": rules([*app.objects, *_USUAL]),
            },
            {
                "apiVersion": f"{_RBAC}/v1",
                "kind": "RoleBinding",
                "metadata": of_app,
                "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": role},
                "subjects": [subject],
            },
        ]

    def delivery(self, app: Delivered, phase: Phase) -> Manifest:
        api_version, kind = app.release
        release = {"apiVersion": api_version, "kind": kind, "name": app.name, "namespace": app.namespace}
        delivering = phase == "delivering"
        spec = {
            "interval": self._interval,
            "timeout": "2m",
            "path": f"./{app.folder}",
            "prune": True,
            "deletionPolicy": None if delivering else "Orphan",
            "suspend": None if delivering else True,
            "serviceAccountName": _account(app),
            "sourceRef": {"kind": "GitRepository", "name": _SOURCE},
            "healthChecks": [release],
            "healthCheckExprs": [{"apiVersion": api_version, "kind": kind, **_HEALTH[kind]}],
            "decryption": {"provider": "sops", "secretRef": {"name": self.sops_secret}} if self.sops_secret else None,
            **app.ownership.flux_kustomization,
        }
        metadata = {"name": app.name, "namespace": self.namespace, "annotations": {PHASE_ANNOTATION: phase}}
        return {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": metadata,
            "spec": without_nothing(spec),
        }

    def alerts(self, stack: StackSpec, apps: Iterable[AppSpec]) -> Sequence[Manifest]:
        options = stack.platform.flux
        heard: dict[str, list[str]] = {}
        # A Flux that the cluster has already may have nobody who tells anything, but for what the stack asks of it.
        for app in apps if options.install and "notification" in options.controllers else ():
            for name in _listeners(app, stack.delivery):
                heard.setdefault(name, []).append(app.name)
        notices = {one.channel: one for one in self.notify}
        channels = channels_of(stack.delivery)
        return alerts(
            self.namespace,
            _SOURCE,
            [
                Listener(
                    name,
                    FluxChannel.of(channels[name]),
                    tuple(heard.get(name, ())),
                    stack.credentials.get(name, {}),
                    notices.get(name),
                )
                for name in sorted({*heard, *notices})
            ],
        )

    @property
    def _place(self) -> Place:
        return Place(self.namespace, _SOURCE, self.revision, self._interval)

    @property
    def _interval(self) -> str:
        return f"{self.interval.whole_seconds}s"

    def _secret(self, credentials: Mapping[str, SecretText]) -> Manifest:
        texts = (
            {"identity": credentials["private-key"], "known_hosts": credentials["known-hosts"]}
            if self.by_key
            else {"username": self.username, "password": credentials["password"]}
        )
        metadata = {"name": _SOURCE, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts}


def _listeners(app: AppSpec, delivery: DeliverySpec) -> Iterator[str]:
    """The channels that are told of an app's failed releases, and that Flux can reach."""
    engine = delivery.engines[app.delivery.engine or delivery.engine.kind]
    for one in told(build_plan(app), engine, delivery) if isinstance(engine, Engine) else ():
        if "aborted" in one.events and isinstance(one.channel, FluxChannel):
            yield one.name


_NEEDED: Mapping[str, FluxController] = {
    "charts": "helm",
    "images": "image-reflector",
    "image_updates": "image-automation",
    "receivers": "notification",
    "notify": "notification",
}
"""By key, the controller that does it."""


def _lacking(flux: Flux, stack: StackSpec) -> Iterator[Finding]:
    """What no controller of the platform's would do."""
    options = stack.platform.flux
    for key, controller in _NEEDED.items() if options.install else ():
        if getattr(flux, key) and controller not in options.controllers:
            yield (key,), f"nobody does it: add '{controller}' to 'platform.flux.controllers'"


def _unheard(flux: Flux, stack: StackSpec) -> Iterator[Finding]:
    """Channels that there are not, or that Flux cannot reach."""
    channels = stack.delivery.channels
    for index, one in enumerate(flux.notify):
        place, channel = ("notify", index, "channel"), channels.get(one.channel)
        if channel is None:
            hint = nearest(one.channel, channels) or " (it has none)"
            yield place, f"the cluster has no channel '{one.channel}'{hint}: see delivery.channels"
        elif not isinstance(channel, FluxChannel):
            yield place, f"Flux cannot reach kind '{channel.kind}': choose a channel of a chat"


def _in_tree(flux: Flux, stack: StackSpec) -> Iterator[Finding]:
    """Folders of the repository that hold apps, which would have two masters."""
    tree = flux.folder(stack.cluster.name)
    for name, folder in flux.folders.items():
        if folder.source is None and f"{tree}/".startswith(f"{folder.path}/" if folder.path else ""):
            place = ("folders", name, "path")
            yield place, f"would bring the apps in '{tree}' once more: name a folder that does not hold them"
        elif folder.source is None and folder.path and folder.path.startswith(f"{tree}/"):
            yield ("folders", name, "path"), f"is in '{tree}', which is the apps': choose another folder"


def _account(app: Delivered) -> str:
    """Of each app its own: it may do no more than this app needs, in its namespace alone."""
    return f"deliver-{app.name}"
