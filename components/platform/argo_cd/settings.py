"""Argo CD's ConfigMaps: who signs in, who may do what, how often Git is asked, what a sick object is.

Source: argo-cd v3.6, docs/operator-manual/{argocd-cm,argocd-cmd-params-cm,argocd-rbac-cm}.yaml.
"""

import math
from collections.abc import Iterator

import yaml

from ...manifests.meta import without_nothing
from ...spec.argocd import ArgoCdOptions, SingleSignOn
from .health import CANARY_HEALTH
from .names import SECRET, SSO_KEY


def settings(options: ArgoCdOptions) -> dict[str, str]:
    """What is added to upstream's `argocd-cm`."""
    seconds = math.ceil(options.interval.seconds)
    texts = {
        "admin.enabled": _truth(options.sso is None),
        # A shell in a pod, without a word in any audit log of the cluster that names a person.
        "exec.enabled": "false",
        "resource.customizations.health.flagger.app_Canary": CANARY_HEALTH,
        "timeout.reconciliation": f"{seconds}s",
        # Else all applications are compared in the same second.
        "timeout.reconciliation.jitter": f"{seconds // 2}s",
        "users.anonymous.enabled": "false",
    }
    if options.url:
        texts["url"] = options.url
    if options.sso:
        texts["oidc.config"] = _sign_on(options.sso)
    return texts


def _sign_on(sso: SingleSignOn) -> str:
    secret, key = (sso.client_secret.secret, sso.client_secret.key) if sso.client_secret else (SECRET, SSO_KEY)
    config = {
        "name": sso.name,
        "issuer": sso.issuer,
        "clientID": sso.client_id,
        # Argo CD fills it in; without a name before it, a key of its own Secret is meant.
        "clientSecret": f"${key}" if secret == SECRET else f"${secret}:{key}",
        "requestedScopes": list(sso.scopes),
    }
    return yaml.safe_dump(config, sort_keys=False)


def parameters(options: ArgoCdOptions) -> dict[str, str]:
    """What is added to upstream's `argocd-cmd-params-cm`."""
    return without_nothing({"server.insecure": None if options.tls else "true"})


def access(options: ArgoCdOptions) -> dict[str, str]:
    """The contents of `argocd-rbac-cm`."""
    texts = {"policy.csv": "".join(f"{line}\n" for line in _lines(options))}
    if options.access.everyone:
        texts["policy.default"] = f"role:{options.access.everyone}"
    if options.sso:
        texts["scopes"] = yaml.safe_dump([options.sso.groups_claim], default_flow_style=True).strip()
    return {key: text for key, text in texts.items() if text}


def _lines(options: ArgoCdOptions) -> Iterator[str]:
    for name, role in sorted(options.access.roles.items()):
        for permission in role.allow:
            parts = [part.strip() for part in permission.split(",")]
            effect = parts[3] if len(parts) > 3 else "allow"
            yield f"p, role:{name}, {', '.join(parts[:3])}, {effect}"
        yield from (f"g, {group}, role:{name}" for group in role.groups)


def _truth(value: bool) -> str:
    return "true" if value else "false"
