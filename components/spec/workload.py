"""What runs: the pods of an app, in the short form or as a full template."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from .base import Finding, Ruled
from .configuration import ConfigData, SecretVersion, Use, configuration_problems, uses_in
from .container import (
    ConfigKey,
    EnvFrom,
    EnvValue,
    Port,
    PortNumber,
    Probes,
    Resources,
    SecretKey,
    Security,
    Volume,
    repeated,
)
from .existing import ExistingWorkload
from .labels import LabelName, LabelValue, reserved_labels
from .names import DnsLabel, EnvName, NonEmpty, ObjectName
from .packaged import HelmChart, Kustomization
from .pod_template import template_problems
from .values import Duration, Image

KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet"}
"""By the workload's `kind`, what runs the pods on an engine that leaves them to an object of Kubernetes' own."""


class ServiceAccount(Ruled):
    """The identity of the pods; made for the app unless `existing` names one."""

    existing: ObjectName | None = None
    """Name of an account that exists already."""
    annotations: dict[str, str] = {}
    """Annotations of the account that is made, e.g. a cloud role."""
    mount_token: bool = False
    """Whether pods get a token for the Kubernetes API."""

    def problems(self) -> Iterator[Finding]:
        if self.existing and self.annotations:
            yield ("annotations",), f"belong to '{self.existing}', which is not made here: write them there"


TELEMETRY = ("COALMINE_VERSION", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES")
"""The variables of `telemetry`; the first one is what the last one refers to."""

_SHORT_FORM = (
    "image",
    "command",
    "args",
    "env",
    "env_from",
    "telemetry",
    "probes",
    "resources",
    "volumes",
    "security",
    "image_pull_secrets",
    "termination_grace",
)


class Workload(Ruled):
    """The pods of an app, in the short form, or as a full `pod_template` for what the short form lacks."""

    kind: Literal["deployment", "daemonset"] = "deployment"
    """`daemonset`: one pod on every node, on engine `flagger`; without `replicas`, `scaling` and `disruption` then."""
    image: Image | None = None
    """The container's image."""
    command: list[str] | None = None
    """Instead of the image's entrypoint."""
    args: list[str] | None = None
    """Instead of the image's arguments."""
    port: PortNumber | None = None
    """Short for one port named `http`."""
    ports: list[Port] = []
    """The first one receives the traffic. With `pod_template` it is the only one."""
    env: dict[EnvName, EnvValue] = {}
    """Environment variables: text, or where the value comes from."""
    env_from: list[EnvFrom] = []
    """Secrets and ConfigMaps whose keys all become variables."""
    telemetry: bool = False
    """Whether the container is told, in OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES, what it is, in which version:
    OpenTelemetry's libraries put that on every trace, log and metric that they send."""
    config: dict[DnsLabel, ConfigData] = {}
    """ConfigMaps made for this version: files or variables and their text, by the name that `env`, `env_from`,
    `volumes` and a `pod_template` use. The text is part of the version: another one is released like another image."""
    secret_versions: dict[ObjectName, SecretVersion] = {}
    """Versions of Secrets that others make: `database: "7"` has the pods read the Secret `database-7` wherever
    `database` is named, so that another version is released like another image."""
    probes: Probes = Probes.model_construct()
    resources: Resources = Resources.model_construct()
    volumes: list[Volume] = []
    security: Security = Security.model_construct()
    service_account: ServiceAccount = ServiceAccount.model_construct()
    image_pull_secrets: list[ObjectName] = []
    """Secrets with the registry's credentials."""
    labels: dict[LabelName, LabelValue] = {}
    """Labels of the pods."""
    annotations: dict[LabelName, str] = {}
    """Annotations of the pods; beside those of a `pod_template` these win."""
    termination_grace: Duration = Duration.of_seconds(30)
    """Time that a pod gets to end by itself."""
    min_ready: Duration = Duration.of_seconds(10)
    """How long a pod must stay ready before it counts as available."""
    pod_template: dict[str, Any] | None = None
    """A PodTemplateSpec (`metadata`, `spec`); excludes the short form's container fields."""
    chart: HelmChart | None = None
    """A Helm chart that has the pods and objects around them; excludes the short form's container fields."""
    kustomize: Kustomization | None = None
    """A Kustomize overlay that has them, in the same way."""
    existing: ExistingWorkload | None = None
    """Pods that run already, in a Deployment or DaemonSet with the app's name that others made; excludes all that would
    be written in them."""
    objects: list[dict[str, Any]] = []
    """Other objects of the app's namespace, applied as they are; `version` does not cover them, so no release does."""
    version: NonEmpty | None = None
    """The version people see; the image's tag unless given. Needed with `pod_template`."""

    def problems(self) -> Iterator[Finding]:
        yield from self._port_problems()
        if len(self.given_whole) > 1:
            first, *others = self.given_whole
            yield from (((name,), f"is excluded by '{first}': the pods come from one of them") for name in others)
        yield from ((("labels", name), message) for name, message in reserved_labels(self.labels))
        if self.packaged:
            yield from self._packaged_problems(self.given_whole[0])
            return
        if self.existing:
            yield from self._existing_problems()
            return
        if self.config or self.secret_versions:
            yield from configuration_problems(self.config, self.secret_versions, list(self._uses()))
        if self.pod_template is not None:
            yield from self._template_problems(self.pod_template)
            return
        if self.image is None:
            yield ("image",), "is required (or a full 'pod_template')"
        if self.telemetry:
            taken = (name for name in TELEMETRY if name in self.env)
            yield from ((("env", name), "is set by 'telemetry': leave one of the two out") for name in taken)
        yield from repeated("volumes", "name", [volume.name for volume in self.volumes])
        yield from repeated("volumes", "mount", [volume.mount for volume in self.volumes])

    def _template_problems(self, template: dict[str, Any]) -> Iterator[Finding]:
        yield from self._whole_problems("pod_template", "write it inside the template")
        if self.version is None:
            yield ("version",), "is required with 'pod_template', like \"1.4.0\""
        yield from ((("pod_template", *path), message) for path, message in template_problems(template))

    def _packaged_problems(self, source: str) -> Iterator[Finding]:
        yield from self._whole_problems(source, "write it there", "config", "service_account")

    def _existing_problems(self) -> Iterator[Finding]:
        beside = ("config", "secret_versions", "service_account", "labels", "annotations", "version")
        yield from self._whole_problems("existing", "write it in the object that runs the pods", *beside)

    def _whole_problems(self, source: str, instead: str, *beside: str) -> Iterator[Finding]:
        """What is written elsewhere where a workload is not in the short form, and `beside` that."""
        for name in (*_SHORT_FORM, *beside):
            if name in self.model_fields_set:
                yield (name,), f"is excluded by '{source}': {instead}"
        if len(self.ports) > 1:
            yield ("ports",), f"holds the port that receives traffic; the others: {instead}"

    def _port_problems(self) -> Iterator[Finding]:
        if (self.port is None) == (not self.ports):
            yield ("port",), "give either 'port' or 'ports': the port that receives traffic, like 8080"
        if self.ports and self.ports[0].protocol != "TCP":
            yield ("ports", 0, "protocol"), "must be TCP: the first port receives the traffic"
        yield from repeated("ports", "name", [port.name for port in self.ports])

    def _uses(self) -> Iterator[Use]:
        """Where pods read ConfigMaps and Secrets."""
        if self.pod_template is not None:
            for use in uses_in(self.pod_template):
                yield replace(use, path=("pod_template", *use.path))
        for name, value in self.env.items():
            if isinstance(value, ConfigKey):
                yield Use("config", ("env", name, "key"), value.config, value.key)
            elif isinstance(value, SecretKey):
                yield Use("secret", ("env", name, "key"), value.secret, value.key)
        read: tuple[tuple[str, Sequence[EnvFrom | Volume]], ...] = (
            ("env_from", self.env_from),
            ("volumes", self.volumes),
        )
        for items, sources in read:
            for index, source in enumerate(sources):
                part = source.sub_path if isinstance(source, Volume) else None
                if source.config:
                    yield Use("config", (items, index, "sub_path"), source.config, part)
                elif source.secret:
                    yield Use("secret", (items, index, "sub_path"), source.secret, part)

    @property
    def given_whole(self) -> list[str]:
        """The keys that hold whole pods, of which there is one or none."""
        return [name for name in ("pod_template", "chart", "kustomize", "existing") if getattr(self, name) is not None]

    @property
    def packaged(self) -> HelmChart | Kustomization | None:
        """What has to be rendered before there are pods."""
        return self.chart or self.kustomize

    @property
    def traffic_port(self) -> Port:
        """The port that receives the traffic."""
        return self.ports[0] if self.ports else Port(name="http", port=self.port or 0)

    @property
    def all_ports(self) -> list[Port]:
        return self.ports or [self.traffic_port]

    @property
    def shown_version(self) -> str:
        return self.version or (self.image.version if self.image else "")
