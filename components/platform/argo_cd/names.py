"""Names that Argo CD gives, and those of this project beside them."""

NAMESPACE = "argocd"
"""Upstream's manifests name it in permissions and in scripts of Redis."""

SECRET = "argocd-secret"
"""Argo CD's own Secret: hash of the password of `admin`, key of sessions, certificate."""
ADMIN_SECRET = "argocd-admin"
"""Where a person reads the password of `admin`; Argo CD does not."""
ADMIN_KEY = "password"
REDIS_SECRET = "argocd-redis"
REDIS_KEY = "auth"
SSO_KEY = "oidc.clientSecret"
"""In Argo CD's Secret, the client secret of the sign-on."""
