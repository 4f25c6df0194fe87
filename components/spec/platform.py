"""What the platform installs on a cluster, piece by piece; a piece is left out where the cluster has its own."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ..bundles import NEWEST
from .argocd import ArgoCdOptions
from .base import Finding, Later, Ruled, Strict
from .container import Resources, repeated_values
from .names import DnsLabel, NameRule, NonEmpty, Url
from .prometheus_operator import PrometheusOperatorOptions
from .upstream import BundleName, ImageDigests, Mirror
from .values import Duration, PositiveDuration, Quantity

HttpsUrl = Annotated[
    str, NameRule(r"https://[^\s/]+/\S+", 2048, "an address: write it like 'https://example.com/file'")
]
Sha256 = Annotated[str, NameRule(r"[0-9a-f]{64}", 64, "a sha256: 64 of the digits 0 to 9 and a to f")]
Replicas = Annotated[int, Field(ge=1, le=50)]


class Plugin(Strict):
    """A program that the controller downloads and runs when it starts."""

    location: HttpsUrl
    """Where the file for the cluster's nodes is, e.g. that of a release for Linux on x86-64."""
    sha256: Sha256
    """Digest of that file: no other one is run."""


class ArgoRolloutsOptions(Strict):
    """The controller that moves the weights."""

    install: bool = True
    """False where the cluster has Argo Rollouts already."""
    replicas: Replicas = 2
    """Controllers; one leads, the others stand by."""
    plugins: dict[NonEmpty, Plugin] = {}
    """By name, the traffic router plug-ins that the stack's routers need, e.g. `argoproj-labs/gatewayAPI`."""
    resources: Resources | None = None


class FlaggerOptions(Strict):
    """The controller of the engine `flagger`."""

    install: bool = True
    """False where the cluster has Flagger already."""
    replicas: Replicas = 2
    """Controllers; one leads, the others stand by."""
    resources: Resources | None = None


class LoadTesterOptions(Strict):
    """Flagger's load tester, at `http://load-tester.load-tester/`: what a `load_test` of apps may name as `tester`."""

    install: bool = False
    """True for one of the platform's own."""
    callers: Annotated[list[DnsLabel], Field(min_length=1)] = ["flagger-system"]
    """Namespaces whose pods may have it run commands: that of Flagger's controller."""
    timeout: PositiveDuration = Duration.of_seconds(3600)
    """How long a command may run."""
    resources: Resources | None = None


class GatewayOptions(Strict):
    """The ingress gateway that all apps share."""

    replicas: Replicas = 2
    max_replicas: Replicas | None = None
    """With it an autoscaler keeps the gateway between `replicas` and this many pods, at 80 % CPU."""
    service: Literal["LoadBalancer", "NodePort", "ClusterIP"] = "LoadBalancer"
    """How traffic from outside reaches the gateway."""
    service_annotations: dict[str, str] = {}
    """Annotations of the gateway's Service, e.g. what a cloud's load balancer asks for."""
    resources: Resources | None = None

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.max_replicas is not None and self.max_replicas < self.replicas:
            raise PydanticCustomError(
                "gateway",
                "max_replicas {max} is below replicas {min}",
                {"max": self.max_replicas, "min": self.replicas},
            )
        return self


class IstioOptions(Strict):
    """The mesh's control plane and the ingress gateway."""

    install: bool = True
    """False where the cluster has Istio already; apps then use its gateway (delivery.router.gateway_selector)."""
    replicas: Replicas = 2
    """Replicas of istiod."""
    max_replicas: Replicas | None = None
    """With it an autoscaler keeps istiod between `replicas` and this many pods, at 80 % CPU."""
    sidecars: bool = True
    """Whether every pod of an app gets a proxy, with mutual TLS between them; false leaves only the gateway."""
    mutual_tls: Literal["permissive", "strict"] = "permissive"
    """Whether pods with a proxy also take requests without mutual TLS, or refuse them."""
    default_deny: bool = False
    """Whether apps take requests only from the gateway, from their own namespace, and from those in `callers`."""
    callers: dict[DnsLabel, list[DnsLabel]] = {}
    """With `default_deny`, by namespace of apps: other namespaces whose pods may call them."""
    validate_config: bool = True
    """Whether istiod refuses invalid routes at admission; needs a network path from the API server to istiod."""
    proxy_metrics: bool = True
    """Whether the proxies report Istio's standard metrics; false where something else reports them."""
    gateway: GatewayOptions = GatewayOptions.model_construct()
    resources: Resources | None = None


class ContourOptions(Strict):
    """Contour's control plane, and the Envoy that takes the traffic."""

    install: bool = False
    """True for a Contour of the platform's own."""
    replicas: Replicas = 2
    """Replicas of the control plane."""
    gateway: GatewayOptions = GatewayOptions.model_construct()
    resources: Resources | None = None


class GatewayApiOptions(Strict):
    """The kinds of the Gateway API; what implements them is the cluster's own."""

    install: bool = False
    """True where the cluster has no kinds of the Gateway API, or this stack's own."""


class PrometheusOptions(Strict):
    """The metrics server that releases are judged by; how often it scrapes stands in delivery.metrics."""

    install: bool = True
    """False where delivery.metrics.address names a server of the cluster's own."""
    retention: Duration = Duration.of_seconds(15 * 24 * 3600)
    """How long samples are kept."""
    storage: Quantity | None = None
    """Size of the volume, e.g. `50Gi`; without one the samples live as long as the pod."""
    storage_class: NonEmpty | None = None
    """Class of the volume; the cluster's default unless given."""
    alertmanager: Url | None = None
    """Address of the cluster's Alertmanager, e.g. `http://alertmanager.monitoring:9093`: who hears of alerts."""
    runbooks: NonEmpty = "docs/runbooks"
    """Where the pages that alerts refer to are published, e.g. `https://docs.example.com/runbooks`."""
    remind_after: Duration = Duration.of_seconds(3600)
    """How long a release may wait for a person until that is an alert."""
    resources: Resources | None = None

    @model_validator(mode="after")
    def _class_needs_storage(self) -> Self:
        if self.storage_class is not None and self.storage is None:
            raise PydanticCustomError("storage", "'storage_class' needs 'storage', the size of the volume, like '50Gi'")
        return self


class GrafanaOptions(Strict):
    """Dashboards over the metrics that releases are judged by; the password of its user `admin` is generated."""

    install: bool = False
    """True for a server of the platform's own; what is clicked together in it lives as long as its pod."""
    rotation: Annotated[int, Field(ge=1)] = 1
    """Number of the password: another one generates it anew and starts the server with it."""
    logs: Url | None = None
    """Address of the cluster's Loki, e.g. `http://loki.logging:3100`: a source of data, which leads to `traces`."""
    traces: Url | None = None
    """Address of the cluster's Tempo, e.g. `http://tempo.tracing:3200`: a source of data, which leads to `logs`."""
    resources: Resources | None = None


FluxController = Literal["source", "kustomize", "helm", "notification", "image-reflector", "image-automation"]


class FluxOptions(Ruled):
    """The controllers of the GitOps engine `flux`."""

    install: bool = True
    """False where the cluster has Flux already."""
    controllers: list[FluxController] = ["source", "kustomize", "helm", "notification"]
    """Which ones: `source` and `kustomize` bring apps to the cluster, `helm` does so for charts.

    `notification` tells of it; `image-reflector` finds new tags of images, and `image-automation` writes them to Git.
    """
    concurrent: Annotated[int, Field(ge=1, le=100)] = 4
    """How many apps, and how many charts, are brought to the cluster at the same time."""
    resources: dict[FluxController, Resources] = {}
    """By controller; those that Flux's release gives unless set here."""

    def problems(self) -> Iterator[Finding]:
        yield from repeated_values("controllers", self.controllers)
        for needed, why in (("source", "reads the repository"), ("kustomize", "applies what is in it")):
            if needed not in self.controllers:
                yield ("controllers",), f"'{needed}' {why}: add it"
        if "image-automation" in self.controllers and "image-reflector" not in self.controllers:
            yield ("controllers",), "'image-automation' needs the tags that 'image-reflector' finds: add that too"
        for name in self.resources:
            if name not in self.controllers:
                yield ("resources", name), "this controller is not installed: leave it out, or add it to 'controllers'"


AdmissionLevel = Literal["warn", "audit", "deny"]


class AdmissionOptions(Strict):
    """The policy pack's rules about one object, judged by the API server itself: nobody walks around it."""

    install: bool = False
    """True to install them."""
    level: AdmissionLevel = "warn"
    """What breaking a mandatory rule does in namespaces that have no level of their own.

    `warn` tells whoever applies the object, `audit` writes it into the audit log as well, `deny` refuses it.
    """
    namespaces: dict[DnsLabel, AdmissionLevel] = {}
    """By namespace of the stack's apps, its level; that of any other one is its label `coalmine.dev/admission`."""
    rules: dict[NonEmpty, Any] = {}
    """Levels and limits of rules, as in the file for `--policy-pack-config`, e.g. `{first-step-weight: {max: 5}}`.

    A rule that is `advisory` warns everywhere and refuses nowhere; one that is `disabled` is not installed.
    """


class PlatformSpec(Strict):
    """The pieces that `Platform` installs, in which versions, and how large they are."""

    bundle: BundleName = NEWEST
    """Tested set of versions of all pieces; write it, and a newer Coalmine changes none of them until you do."""
    mirror: Mirror | None = None
    """Where upstream files and images are instead of their public places."""
    image_digests: ImageDigests | None = None
    """Digests of the platform's images by name, or the file in the project that `coalmine bundle resolve` wrote.

    With it every image is named by tag and digest, and one that it does not hold is refused.
    """
    argo_rollouts: Annotated[ArgoRolloutsOptions, Later()] = ArgoRolloutsOptions.model_construct()
    flagger: Annotated[FlaggerOptions, Later()] = FlaggerOptions.model_construct()
    load_tester: Annotated[LoadTesterOptions, Later()] = LoadTesterOptions.model_construct()
    istio: Annotated[IstioOptions, Later()] = IstioOptions.model_construct()
    contour: Annotated[ContourOptions, Later()] = ContourOptions.model_construct()
    gateway_api: Annotated[GatewayApiOptions, Later()] = GatewayApiOptions.model_construct()
    prometheus: Annotated[PrometheusOptions, Later()] = PrometheusOptions.model_construct()
    prometheus_operator: Annotated[PrometheusOperatorOptions, Later()] = PrometheusOperatorOptions.model_construct()
    grafana: Annotated[GrafanaOptions, Later()] = GrafanaOptions.model_construct()
    argocd: Annotated[ArgoCdOptions, Later()] = ArgoCdOptions.model_construct()
    flux: Annotated[FluxOptions, Later()] = FluxOptions.model_construct()
    admission: Annotated[AdmissionOptions, Later()] = AdmissionOptions.model_construct()
    protect: bool = False
    """Whether namespaces and volumes refuse to be deleted until this is set back to false."""
    keep_namespaces: bool = False
    """Whether `pulumi destroy` leaves the namespaces, with all that others put into them; takes one `pulumi up`."""
