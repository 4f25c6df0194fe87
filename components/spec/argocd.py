"""What the platform's Argo CD is like: how large it is, who signs in and what they may do."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from .base import Finding, Ruled, Strict
from .container import Resources, repeated_values
from .names import NameRule, NonEmpty, ObjectName
from .values import Duration, PositiveDuration

Replicas = Annotated[int, Field(ge=1, le=50)]
HttpsAddress = Annotated[
    str, NameRule(r"https://[^\s/?#]+(/[^\s?#]*)?", 2048, "an address: write it like 'https://argocd.example.com'")
]
RoleName = Annotated[
    str,
    NameRule(r"[a-z]([a-z0-9-]*[a-z0-9])?", 63, "a role's name: use lower-case letters, digits and '-', like 'shop'"),
]
# Each part goes into a line of comma-separated values.
_WORD = r"[^\s,\"#]+"
Permission = Annotated[
    str,
    NameRule(
        rf"{_WORD}, ?{_WORD}, ?{_WORD}(, ?(allow|deny))?",
        512,
        "a permission: write resource, action and object, like 'applications, sync, shop/*'",
    ),
]
Group = Annotated[
    str, NameRule(r"[^\s,\"#]([^,\"#\n]*[^\s,\"#])?", 256, "a group's name: leave out commas, quotes and '#'")
]

SSO_CREDENTIALS, SSO_SECRET = "sso", "client-secret"
"""Names, beside those of channels, under which a stack's `credentials` hold the client secret of the sign-on."""
BUILT_IN = ("admin", "readonly")
"""Roles that Argo CD brings."""


class ArgoCdServer(Strict):
    """One of Argo CD's servers."""

    replicas: Replicas | None = None
    """Pods; 1 unless given, and 2 with `ha`."""
    resources: Resources | None = None


class ArgoCdController(Strict):
    """What compares Git with the cluster and applies the difference; one pod."""

    resources: Resources | None = None


class SignOnSecret(Strict):
    """One key of a Secret in Argo CD's namespace, which bears the label `app.kubernetes.io/part-of: argocd`."""

    secret: ObjectName
    """Name of the Secret."""
    key: NonEmpty
    """Key in it."""


class SingleSignOn(Ruled):
    """Who signs people in, by OpenID Connect."""

    issuer: HttpsAddress
    """Address of the provider, as its discovery document says, e.g. `https://login.example.com/realms/staff`."""
    client_id: NonEmpty
    """Argo CD's name at the provider."""
    client_secret: SignOnSecret | None = None
    """Where the client secret is; unless given, it is `client-secret` in the stack's `credentials`, under `sso`."""
    name: NonEmpty = "SSO"
    """What the button says that people sign in with."""
    scopes: Annotated[list[NonEmpty], Field(min_length=1)] = ["openid", "profile", "email", "groups"]
    """What Argo CD asks the provider for."""
    groups_claim: NonEmpty = "groups"
    """Claim of the provider's token that holds a person's groups."""

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("scopes", self.scopes)
        if "openid" not in self.scopes:
            yield ("scopes",), "lacks 'openid', without which nobody is signed in"


class ArgoCdRole(Ruled):
    """What some people may do."""

    groups: list[Group] = []
    """Groups of the sign-on's provider, or users, that have the role."""
    allow: list[Permission] = []
    """What the role may do: resource, action, object, e.g. `applications, sync, shop/*`; with `, deny` may not.

    `admin` and `readonly` are there already, and need none.
    """

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("groups", self.groups)
        yield from repeated_values("allow", self.allow)


class ArgoCdAccess(Ruled):
    """Who may do what in Argo CD; nobody may anything unless it says so."""

    everyone: RoleName | None = None
    """Role of everybody who has signed in, e.g. `readonly`."""
    roles: dict[RoleName, ArgoCdRole] = {}
    """By name; `admin` and `readonly` are Argo CD's own."""

    def problems(self) -> Iterator[Finding]:
        known = {*self.roles, *BUILT_IN}
        if self.everyone is not None and self.everyone not in known:
            yield ("everyone",), f"no such role (known: {', '.join(sorted(known))})"
        for name, role in self.roles.items():
            if name not in BUILT_IN and not role.allow:
                yield ("roles", name, "allow"), "the role may do nothing: say what, like 'applications, get, shop/*'"
            if not role.groups and name != self.everyone:
                yield ("roles", name, "groups"), "nobody has the role: name a group, or make it that of 'everyone'"


class ArgoCdOptions(Ruled):
    """The GitOps engine `argocd`, its user interface included."""

    install: bool = True
    """False where the cluster has Argo CD already."""
    ha: bool = False
    """Whether it survives the loss of a node: two of each server, three Redis behind a proxy; needs three nodes."""
    url: HttpsAddress | None = None
    """Where people reach the user interface; sign-on comes back to it, and notifications link to it."""
    tls: bool = True
    """Whether its server encrypts; false where an ingress or a mesh in front of it does."""
    server: ArgoCdServer = ArgoCdServer.model_construct()
    """The user interface and its API."""
    repo_server: ArgoCdServer = ArgoCdServer.model_construct()
    """What reads Git."""
    controller: ArgoCdController = ArgoCdController.model_construct()
    application_sets: bool = True
    """Whether the controller of ApplicationSets is installed."""
    notifications: bool = True
    """Whether the controller of notifications is installed; what it tells stands in `argocd-notifications-cm`."""
    interval: PositiveDuration = Duration.of_seconds(120)
    """How often Git is asked for a new commit; a webhook of the Git server is quicker."""
    sso: SingleSignOn | None = None
    """Who signs people in; then there is no user `admin` any more."""
    access: ArgoCdAccess = ArgoCdAccess.model_construct()
    rotation: Annotated[int, Field(ge=1)] = 1
    """Number of the generated secrets: another one makes the passwords of `admin` and Redis anew, and logs all out."""

    def problems(self) -> Iterator[Finding]:
        if self.sso is not None and self.url is None:
            yield ("url",), "is missing: 'sso' sends people back there, e.g. 'https://argocd.example.com'"
        if self.sso is None:
            for name, role in self.access.roles.items():
                if role.groups:
                    why = "without 'sso' there are no groups: give it, or leave them out"
                    yield ("access", "roles", name, "groups"), why
            if self.access.everyone is not None:
                yield ("access", "everyone"), "without 'sso' there is only 'admin', who may do everything: leave it out"


def sign_on_problems(sso: SingleSignOn | None, given: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with the secret of a sign-on, which a stack's `credentials` may hold."""
    place = ("credentials", SSO_CREDENTIALS)
    for role in given:
        if role != SSO_SECRET:
            yield (*place, role), f"the sign-on has no such credential (known: {SSO_SECRET})"
    if given and sso is None:
        yield place, "nobody signs on with it: give 'platform.argocd.sso', or leave it out"
    if sso is not None and sso.client_secret is not None and given:
        yield place, "'platform.argocd.sso' names a Secret already: leave one of the two out"
    if sso is not None and sso.client_secret is None and SSO_SECRET not in given:
        command = f"pulumi config set --secret --path 'coalmine:credentials.{SSO_CREDENTIALS}.{SSO_SECRET}'"
        yield ("platform", "argocd", "sso"), f"'client_secret' is missing: name a Secret, or run `{command}`"
