"""Flux: a Kustomization for each app, applied with the rights of a service account of its own.

All of them read one GitRepository, in the namespace of the controllers, which look at no other. Source:
kustomize-controller v1.9 (Flux 2.9), docs/spec/v1/kustomizations.md; source-controller v1.9, docs/spec/v1.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Engine
from ..contracts_of.flux import FluxChannel, Listener, alerts
from ..listeners import channels_of, told
from ..manifests.meta import Manifest, without_nothing
from ..manifests.rights import rules
from ..plan import build_plan
from ..spec.app import AppSpec
from ..spec.channels import SecretText
from ..spec.cluster import DeliverySpec, StackSpec
from ..spec.names import DnsLabel, ObjectName
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


class Flux(GitOps):
    """Flux, with one GitRepository and a Kustomization for each app."""

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
        return [*([self._secret(credentials)] if credentials else []), repository]

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
        if not options.install or "notification" not in options.controllers:
            return ()
        heard: dict[str, list[str]] = {}
        for app in apps:
            for name in _listeners(app, stack.delivery):
                heard.setdefault(name, []).append(app.name)
        channels = channels_of(stack.delivery)
        return alerts(
            self.namespace,
            _SOURCE,
            [
                Listener(name, FluxChannel.of(channels[name]), tuple(heard[name]), stack.credentials.get(name, {}))
                for name in sorted(heard)
            ],
        )

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


def _account(app: Delivered) -> str:
    """Of each app its own: it may do no more than this app needs, in its namespace alone."""
    return f"deliver-{app.name}"
