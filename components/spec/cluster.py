"""One cluster: how it is reached, which engine, router and metric provider it uses, and which apps it runs."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import ConfigDict, model_validator

from ..bundles import NEWEST
from .argocd import SSO_CREDENTIALS, sign_on_problems
from .base import Finding, Ruled, Strict
from .channels import ChannelModel, ChannelName, Credentials
from .gitops import CREDENTIALS, AppsSpec, GitOpsModel, OrFiles, delivery_problems
from .kubeconfig import Kubeconfig
from .names import ApiVersion, AppName, DnsLabel, NonEmpty
from .platform import PlatformSpec
from .registry import Variant, VariantModel


class ClusterSpec(Strict):
    """The cluster a stack changes."""

    # pydantic's own message quotes what was given, and that may be credentials.
    model_config = ConfigDict(hide_input_in_errors=True)

    name: DnsLabel
    """Name of the cluster; tells its resources from those of other clusters."""
    kubernetes: ApiVersion
    """Version of the cluster's API, e.g. "1.36"; charts are rendered for it."""
    kubeconfig: Kubeconfig | None = None
    """Path of a kubeconfig file, or its contents as a secret of Pulumi's; $KUBECONFIG unless given."""
    context: NonEmpty | None = None
    """Context in that kubeconfig; its current one unless given."""


class DeliverySpec(Ruled):
    """What releases on this cluster are made of: one choice of each kind."""

    engine: Annotated[VariantModel, Variant("engine")]
    """What moves the weights and takes a release back."""
    other_engines: list[Annotated[VariantModel, Variant("engine")]] = []
    """Engines that the cluster has beside it, for apps that choose one with `delivery.engine`."""
    router: Annotated[VariantModel, Variant("router")]
    """What splits the traffic."""
    other_routers: list[Annotated[VariantModel, Variant("router")]] = []
    """Routers that the cluster has beside it, for apps that name them in `traffic.routers`."""
    metrics: Annotated[VariantModel, Variant("metrics")]
    """What answers the checks."""
    other_metrics: list[Annotated[VariantModel, Variant("metrics")]] = []
    """Metric providers that the cluster has beside it, for checks that choose one with `provider`."""
    channels: dict[ChannelName, Annotated[ChannelModel, Variant("notify")]] = {}
    """Who can be told about releases, by a name that apps use in `notify`; most often the name of a team."""

    def problems(self) -> Iterator[Finding]:
        for key, first, others in (
            ("other_engines", self.engine, self.other_engines),
            ("other_routers", self.router, self.other_routers),
            ("other_metrics", self.metrics, self.other_metrics),
        ):
            known = [first.kind]
            for index, one in enumerate(others):
                if one.kind in known:
                    yield (key, index), f"'{one.kind}' is there already"
                known.append(one.kind)

    def of_bundle(self, bundle: str) -> Self:
        """The same where a bundle of the platform's is installed."""
        engine, *others = (one.of_bundle(bundle) for one in self.engines.values())
        return self.model_copy(update={"engine": engine, "other_engines": others})

    @property
    def engines(self) -> Mapping[str, VariantModel]:
        """Every engine of the cluster by its kind, the one that apps use unless they choose another first."""
        return {one.kind: one for one in (self.engine, *self.other_engines)}

    @property
    def routers(self) -> Mapping[str, VariantModel]:
        """Every router of the cluster by its kind, the one that apps use unless they name others first."""
        return {one.kind: one for one in (self.router, *self.other_routers)}

    @property
    def providers(self) -> Mapping[str, VariantModel]:
        """Every metric provider of the cluster by its kind, the one that checks ask unless they name another first."""
        return {one.kind: one for one in (self.metrics, *self.other_metrics)}


class StackSpec(Ruled):
    """A stack's configuration: the `coalmine:` keys of stacks/Pulumi.<stack>.yaml."""

    model_config = ConfigDict(hide_input_in_errors=True)

    cluster: ClusterSpec
    delivery: DeliverySpec
    gitops: Annotated[GitOpsModel, Variant("gitops")] | None = None
    """The engine that delivers apps from Git, and the repository it reads; without it, all apps are Pulumi's."""
    credentials: Credentials = {}
    """The channels' credentials, by channel and name, each a secret of Pulumi's; what they are put into is a Secret.

    Without any, that Secret is expected to be in the cluster already. Under `gitops`: what opens the repository, its
    `password` (or token), or `private-key` and `known-hosts` for `ssh://`. Under `sso`: the `client-secret` of
    `platform.argocd.sso`.
    """
    platform: PlatformSpec = PlatformSpec.model_construct()
    apps: Annotated[AppsSpec, OrFiles()] = AppsSpec.model_construct()
    """Files of the apps this cluster runs, e.g. `[apps/shop.yaml]` or `[apps/*.yaml]`; a file may hold several.

    Or a mapping of those files and of who brings the apps to the cluster.
    """
    overrides: dict[AppName, dict[str, Any]] = {}
    """Changes to an app's spec on this cluster only, merged into it key by key, e.g. `{shop: {replicas: 5}}`."""

    @property
    def channel_credentials(self) -> Credentials:
        """The credentials without those of the repository and of the sign-on."""
        return {name: given for name, given in self.credentials.items() if name not in (CREDENTIALS, SSO_CREDENTIALS)}

    @model_validator(mode="after")
    def _in_bundle(self) -> Self:
        """What the user left open is the newest bundle's by default."""
        bundle = self.platform.bundle
        return self if bundle == NEWEST else self.model_copy(update={"delivery": self.delivery.of_bundle(bundle)})

    def problems(self) -> Iterator[Finding]:
        given = self.credentials.get(CREDENTIALS, {})
        yield from delivery_problems(self.gitops, self.apps, given)
        for path, message in self.gitops.stack_problems(self) if self.gitops else ():
            yield ("gitops", *path), message
        yield from sign_on_problems(self.platform.argocd.sso, self.credentials.get(SSO_CREDENTIALS, {}))
        if "argocd" in self.platform.model_fields_set and (self.gitops is None or self.gitops.kind != "argocd"):
            yield ("platform", "argocd"), "nothing installs Argo CD: choose it in 'gitops', or leave its options out"
        for name, whose in ((CREDENTIALS, "repository"), (SSO_CREDENTIALS, "sign-on")):
            if name in self.delivery.channels:
                yield ("delivery", "channels", name), f"is the name of the {whose}'s credentials: choose another"
        yield from self._about_channels()

    def _about_channels(self) -> Iterator[Finding]:
        of_channels = self.channel_credentials
        for name, given in of_channels.items():
            channel = self.delivery.channels.get(name)
            if channel is None:
                yield ("credentials", name), "no channel of this name in delivery.channels"
                continue
            for role in given:
                if role not in channel.credentials:
                    known = ", ".join(channel.credentials) or "none"
                    yield ("credentials", name, role), f"kind '{channel.kind}' has no such credential (known: {known})"
        for name, channel in self.delivery.channels.items() if of_channels else ():
            for role in channel.credentials:
                if role not in self.credentials.get(name, {}):
                    missing = f"'{role}' of channel '{name}' is missing: give all credentials here, or none"
                    yield ("credentials",), missing
