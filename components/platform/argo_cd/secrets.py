"""Argo CD's Secrets: what Pulumi generates, or keeps encrypted, and the manifests only name.

Argo CD would make them up itself, in Secrets that nobody rotates; what it finds it leaves alone.
Source: argo-cd v3.6,
InitializeSettings in util/settings/settings.go; cmd/argocd/commands/admin/redis_initial_password.go.
"""

from ...manifests.generated import Hidden, Password
from ...manifests.meta import Manifest
from ...spec.argocd import SSO_CREDENTIALS, SSO_SECRET
from ...spec.cluster import StackSpec
from .names import (
    ADMIN_KEY,
    ADMIN_SECRET,
    NAMESPACE,
    REDIS_KEY,
    REDIS_SECRET,
    SSO_KEY,
)


def contents(stack: StackSpec) -> dict[str, Hidden]:
    """What stands in Argo CD's own Secret."""
    options = stack.platform.argocd
    # Sessions are signed with it: with another one, they end.
    texts: dict[str, Hidden] = {"server.secretkey": Password("session-key", options.rotation)}
    if options.sso is None:
        texts["admin.password"] = Password("admin", options.rotation, hashed=True)
    elif options.sso.client_secret is None:
        texts[SSO_KEY] = stack.credentials[SSO_CREDENTIALS][SSO_SECRET]
    return texts


def others(stack: StackSpec) -> list[Manifest]:
    """The Secret with the password of Redis, and that in which a person reads the password of `admin`."""
    options = stack.platform.argocd
    made = [_secret(REDIS_SECRET, {REDIS_KEY: Password("redis", options.rotation)})]
    if options.sso is None:
        made.append(_secret(ADMIN_SECRET, {ADMIN_KEY: Password("admin", options.rotation)}))
    return made


def _secret(name: str, texts: dict[str, Hidden]) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": "argocd"}}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(texts)}
