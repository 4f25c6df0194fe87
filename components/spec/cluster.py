"""One cluster: how it is reached, which engine, router and metric provider it uses, and which apps it runs."""

from typing import Annotated, Any

from .base import Strict
from .platform import PlatformSpec
from .registry import Variant, VariantModel
from .values import ApiVersion, AppName, DnsLabel, NonEmpty


class ClusterSpec(Strict):
    """The cluster a stack changes."""

    name: DnsLabel
    """Name of the cluster; tells its resources from those of other clusters."""
    kubernetes: ApiVersion
    """Version of the cluster's API, e.g. "1.36"; charts are rendered for it."""
    kubeconfig: NonEmpty | None = None
    """Path of a kubeconfig file; $KUBECONFIG unless given."""
    context: NonEmpty | None = None
    """Context in that file; its current one unless given."""


class DeliverySpec(Strict):
    """What releases on this cluster are made of: one choice of each kind."""

    engine: Annotated[VariantModel, Variant("engine")]
    """What moves the weights and takes a release back."""
    router: Annotated[VariantModel, Variant("router")]
    """What splits the traffic."""
    metrics: Annotated[VariantModel, Variant("metrics")]
    """What answers the checks."""


class StackSpec(Strict):
    """A stack's configuration: the `coalmine:` keys of stacks/Pulumi.<stack>.yaml."""

    cluster: ClusterSpec
    delivery: DeliverySpec
    platform: PlatformSpec = PlatformSpec()
    apps: list[NonEmpty] = []
    """Files of the apps this cluster runs, e.g. `apps/shop.yaml` or `apps/*.yaml`; a file may hold several.

    A file that two patterns match is read once.
    """
    overrides: dict[AppName, dict[str, Any]] = {}
    """Changes to an app's spec on this cluster only, merged into it key by key, e.g. `{shop: {replicas: 5}}`."""
