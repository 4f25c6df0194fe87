"""Argo CD: an Application for each app, in the project of the team that owns it.

Source: argo-cd v3.6, pkg/apis/application/v1alpha1/types.go, docs/operator-manual/declarative-setup.md (repositories).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from ..manifests.meta import Manifest
from ..spec.app import AppSpec
from ..spec.base import Finding, Strict
from ..spec.channels import SecretText
from ..spec.names import DnsLabel, NameRule, NonEmpty
from ..spec.values import PositiveDuration
from ..through_git import PHASE_ANNOTATION, Delivered, GitOps, Phase

_API = "argoproj.io/v1alpha1"
_HERE = "https://kubernetes.default.svc"
"""The cluster that Argo CD itself runs on."""
_CASCADE = "resources-finalizer.argocd.argoproj.io"
"""With it, who deletes an Application deletes what it delivered."""
_EMPTIED = "default"
"""The project that allows nothing."""
_OPTIONS = ["ServerSideApply=true", "RespectIgnoreDifferences=true"]
_RIGHTS = ("Role", "RoleBinding")
CronLine = Annotated[
    str,
    NameRule(
        r"\S+( \S+){4}", 100, "a line of a crontab: write minute, hour, day, month and weekday, like '0 22 * * 5'"
    ),
]


class SyncWindow(Strict):
    """A time in which Argo CD may bring what is in Git, or may not; a release that runs goes on."""

    kind: Literal["allow", "deny"]
    """`allow`: then, and in no other time; `deny`: then not, whatever another window says."""
    schedule: CronLine
    """When it begins, as in a crontab: `0 22 * * 5`."""
    duration: PositiveDuration
    """How long it is open."""
    timezone: NonEmpty = "UTC"
    """A name of the IANA time zone database, e.g. `Europe/Berlin`."""
    manual: bool = False
    """Whether a person may bring something nevertheless."""


class ArgoCd(GitOps):
    """Argo CD, with an Application for each app, in a project for each team."""

    kind: Literal["argocd"] = "argocd"
    namespace: DnsLabel = "argocd"
    """Namespace of Argo CD and of its Applications."""
    repository_secret: bool = False
    """Whether Argo CD has a Secret for this repository already (`argocd.argoproj.io/secret-type: repository`)."""

    sync_windows: list[SyncWindow] = []
    """When apps may be brought, for every team's project; a commit that takes a version back waits for them, too."""

    manager: ClassVar[str] = "argocd-controller"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "argocd",
        "repository": "https://git.example.com/platform/delivery.git",
    }

    @property
    def credentials(self) -> tuple[str, ...]:
        # Servers' keys stand in a ConfigMap for all repositories, `argocd-ssh-known-hosts-cm`.
        return ("private-key",) if self.by_key else ("password",)

    @property
    def is_opened(self) -> bool:
        return self.repository_secret or super().is_opened

    def app_problems(self, app: AppSpec) -> Iterator[Finding]:
        if app.owner == _EMPTIED:
            yield ("owner",), f"Argo CD's project '{_EMPTIED}' allows nothing: give the team another name"

    def sources(self, apps: Iterable[AppSpec], credentials: Mapping[str, SecretText]) -> Sequence[Manifest]:
        namespaces: dict[str, set[str]] = {}
        for app in apps:
            namespaces.setdefault(app.owner, set()).add(app.namespace)
        projects = [self._project(team, sorted(namespaces[team])) for team in sorted(namespaces)]
        return [*([self._secret(credentials)] if credentials else []), *projects]

    def accounts(self, app: Delivered) -> Sequence[Manifest]:
        return ()

    def delivery(self, app: Delivered, phase: Phase) -> Manifest:
        delivering = phase == "delivering"
        metadata: Manifest = {
            "name": app.name,
            "namespace": self.namespace,
            "annotations": {PHASE_ANNOTATION: phase},
        }
        spec = {
            "project": app.plan.app.owner,
            "source": {"repoURL": self.repository, "targetRevision": self.revision, "path": app.folder},
            "destination": {"server": _HERE, "namespace": app.namespace},
            "syncPolicy": {
                **({"automated": {"prune": True, "selfHeal": True}} if delivering else {}),
                "syncOptions": list(_OPTIONS),
            },
        }
        rules = app.ownership.argo_cd.get("ignoreDifferences")
        return {
            "apiVersion": _API,
            "kind": "Application",
            "metadata": {**metadata, **({"finalizers": [_CASCADE]} if delivering else {})},
            "spec": {**spec, **({"ignoreDifferences": rules} if rules else {})},
        }

    def _project(self, team: str, namespaces: Sequence[str]) -> Manifest:
        """Lets a team bring what a namespace may hold, but no rights, to the namespaces of its apps."""
        spec = {
            "description": f"Apps of {team}",
            "sourceRepos": [self.repository],
            "destinations": [{"server": _HERE, "namespace": name} for name in namespaces],
            "namespaceResourceBlacklist": [{"group": "rbac.authorization.k8s.io", "kind": kind} for kind in _RIGHTS],
        }
        windows = [_window(one) for one in self.sync_windows]
        return {
            "apiVersion": _API,
            "kind": "AppProject",
            "metadata": {"name": team, "namespace": self.namespace},
            "spec": {**spec, **({"syncWindows": windows} if windows else {})},
        }

    def _secret(self, credentials: Mapping[str, SecretText]) -> Manifest:
        opened = (
            {"sshPrivateKey": credentials["private-key"]}
            if self.by_key
            else {"username": self.username, "password": credentials["password"]}
        )
        metadata = {
            "name": "coalmine-repository",
            "namespace": self.namespace,
            "labels": {"argocd.argoproj.io/secret-type": "repository"},
        }
        texts = {"type": "git", "url": self.repository, **opened}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": texts}


def _window(window: SyncWindow) -> Manifest:
    return {
        "kind": window.kind,
        "schedule": window.schedule,
        "duration": str(window.duration),
        "timeZone": window.timezone,
        "applications": ["*"],
        **({"manualSync": True} if window.manual else {}),
    }
