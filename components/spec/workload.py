"""What runs: the container, what it needs, and how Kubernetes knows that it is healthy."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .base import Finding, Ruled, Strict
from .labels import LabelName, LabelValue, reserved_labels
from .pod_template import template_problems
from .values import (
    AbsolutePath,
    DnsLabel,
    Duration,
    EnvName,
    Image,
    Int32,
    NonEmpty,
    ObjectName,
    PositiveDuration,
    Quantity,
)

PortNumber = Annotated[int, Field(ge=1, le=65535)]


def exactly_one(model: Strict, *names: str) -> Iterator[Finding]:
    """A finding unless exactly one of the named fields is given."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        yield (), f"give exactly one of {', '.join(names)} (found {' and '.join(given) or 'none'})"


def repeated(items: str, key: str, values: Sequence[str]) -> Iterator[Finding]:
    """A finding for every value of `items[].key` that an earlier item has too."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (items, index, key), f"'{value}' is there twice"


def repeated_values(items: str, values: Sequence[str]) -> Iterator[Finding]:
    """A finding for every value in a list that is there before."""
    for index, value in enumerate(values):
        if value in values[:index]:
            yield (items, index), f"'{value}' is there twice"


class SecretKey(Strict):
    """One key of a Secret that exists in the app's namespace."""

    secret: ObjectName
    key: NonEmpty


class ConfigKey(Strict):
    """One key of a ConfigMap that exists in the app's namespace."""

    config: ObjectName
    key: NonEmpty


class PodField(Strict):
    """A field of the pod itself, e.g. `metadata.name`."""

    field: NonEmpty


def _env_kind(raw: Any) -> str | None:
    if isinstance(raw, str):
        return "<text>"
    models: dict[str, type[Strict]] = {"secret": SecretKey, "config": ConfigKey, "field": PodField}
    keys = raw if isinstance(raw, dict) else {}
    # In brackets, so that a tag is never taken for a key of the user's.
    return next((f"<{key}>" for key, model in models.items() if isinstance(raw, model) or key in keys), None)


EnvValue = Annotated[
    Annotated[str, Tag("<text>")]
    | Annotated[SecretKey, Tag("<secret>")]
    | Annotated[ConfigKey, Tag("<config>")]
    | Annotated[PodField, Tag("<field>")],
    Discriminator(
        _env_kind,
        custom_error_type="env",
        custom_error_message="write text in quotes, or a mapping with 'secret' or 'config' and 'key', or 'field'",
    ),
]


class EnvFrom(Ruled):
    """All keys of one Secret or one ConfigMap as environment variables."""

    secret: ObjectName | None = None
    config: ObjectName | None = None
    prefix: str | None = None

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "secret", "config")


class Port(Strict):
    """A port the container listens on."""

    name: DnsLabel
    port: PortNumber
    protocol: Literal["TCP", "UDP"] = "TCP"


class Probe(Ruled):
    """How health is asked: exactly one of `http` (a path), `tcp` (a port), `grpc` (a port), `exec` (a command)."""

    http: AbsolutePath | None = None
    """Path of an HTTP GET, answered with 200-399."""
    tcp: PortNumber | None = None
    grpc: PortNumber | None = None
    exec: Annotated[list[str], Field(min_length=1)] | None = None
    port: PortNumber | None = None
    """Port of the HTTP probe; the workload's first port unless given."""
    initial_delay: Duration = Duration.of_seconds(0)
    period: PositiveDuration = Duration.of_seconds(10)
    timeout: PositiveDuration = Duration.of_seconds(1)
    failures: Annotated[Int32, Field(ge=1)] = 3
    """Failures in a row until the probe counts as failed."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "http", "tcp", "grpc", "exec")
        if self.port is not None and self.http is None:
            yield ("port",), "belongs to 'http'; for 'tcp' and 'grpc' the value is the port"


class Probes(Strict):
    """Readiness decides about traffic, liveness about restarts, startup holds both back."""

    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None


class ResourceAmounts(Strict):
    """Amounts of what a container may ask for."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    ephemeral_storage: Quantity | None = None


class Resources(Strict):
    """Requests are reserved by the scheduler, limits are enforced by the kernel."""

    requests: ResourceAmounts = ResourceAmounts(cpu=Quantity("100m"), memory=Quantity("128Mi"))
    limits: ResourceAmounts = ResourceAmounts()


class Volume(Ruled):
    """A folder in the container: exactly one of `config`, `secret`, `claim`, `empty_dir`."""

    name: DnsLabel
    mount: AbsolutePath
    """Absolute path in the container."""
    config: ObjectName | None = None
    secret: ObjectName | None = None
    claim: ObjectName | None = None
    empty_dir: Literal["disk", "memory"] | None = None
    sub_path: NonEmpty | None = None
    read_only: bool | None = None
    """True unless given for config and secret, false for claim and empty_dir."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "config", "secret", "claim", "empty_dir")


class Security(Strict):
    """The container's security context; the defaults meet the `restricted` Pod Security Standard.

    Source: kubernetes.io/docs/concepts/security/pod-security-standards.
    """

    run_as_non_root: bool = True
    run_as_user: Annotated[Int32, Field(ge=0)] | None = None
    fs_group: Annotated[Int32, Field(ge=0)] | None = None
    read_only_root_filesystem: bool = True
    allow_privilege_escalation: bool = False
    add_capabilities: list[NonEmpty] = []
    seccomp: Literal["RuntimeDefault", "Unconfined"] = "RuntimeDefault"


class ServiceAccount(Strict):
    """The identity of the pods; made for the app unless `existing` names one."""

    existing: ObjectName | None = None
    annotations: dict[str, str] = {}
    """Annotations of the account that is made, e.g. a cloud role."""
    mount_token: bool = False
    """Whether pods get a token for the Kubernetes API."""


_SHORT_FORM = (
    "image",
    "command",
    "args",
    "env",
    "env_from",
    "probes",
    "resources",
    "volumes",
    "security",
    "image_pull_secrets",
    "termination_grace",
)


class Workload(Ruled):
    """The pods of an app, in the short form, or as a full `pod_template` for what the short form lacks."""

    image: Image | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    port: PortNumber | None = None
    """Short for one port named `http`."""
    ports: list[Port] = []
    """The first one receives the traffic. With `pod_template` it is the only one."""
    env: dict[EnvName, EnvValue] = {}
    env_from: list[EnvFrom] = []
    probes: Probes = Probes()
    resources: Resources = Resources()
    volumes: list[Volume] = []
    security: Security = Security()
    service_account: ServiceAccount = ServiceAccount()
    image_pull_secrets: list[ObjectName] = []
    labels: dict[LabelName, LabelValue] = {}
    """Labels of the pods."""
    annotations: dict[LabelName, str] = {}
    """Annotations of the pods; beside those of a `pod_template` these win."""
    termination_grace: Duration = Duration.of_seconds(30)
    min_ready: Duration = Duration.of_seconds(10)
    """How long a pod must stay ready before it counts as available."""
    pod_template: dict[str, Any] | None = None
    """A PodTemplateSpec (`metadata`, `spec`); excludes the short form's container fields."""
    version: NonEmpty | None = None
    """The version people see; the image's tag unless given. Needed with `pod_template`."""

    def problems(self) -> Iterator[Finding]:
        yield from self._port_problems()
        yield from ((("labels", name), message) for name, message in reserved_labels(self.labels))
        if self.pod_template is not None:
            yield from self._template_problems(self.pod_template)
            return
        if self.image is None:
            yield ("image",), "is required (or a full 'pod_template')"
        yield from repeated("volumes", "name", [volume.name for volume in self.volumes])
        yield from repeated("volumes", "mount", [volume.mount for volume in self.volumes])

    def _template_problems(self, template: dict[str, Any]) -> Iterator[Finding]:
        for name in _SHORT_FORM:
            if name in self.model_fields_set:
                yield (name,), "is excluded by 'pod_template': write it inside the template"
        if len(self.ports) > 1:
            yield ("ports",), "holds the port that receives traffic; write the others inside the template"
        if self.version is None:
            yield ("version",), "is required with 'pod_template', like \"1.4.0\""
        yield from ((("pod_template", *path), message) for path, message in template_problems(template))

    def _port_problems(self) -> Iterator[Finding]:
        if (self.port is None) == (not self.ports):
            yield ("port",), "give either 'port' or 'ports': the port that receives traffic, like 8080"
        if self.ports and self.ports[0].protocol != "TCP":
            yield ("ports", 0, "protocol"), "must be TCP: the first port receives the traffic"
        yield from repeated("ports", "name", [port.name for port in self.ports])

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
