"""What runs: the container, what it needs, and how Kubernetes knows that it is healthy."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .base import Finding, Ruled, Strict
from .values import DnsLabel, Duration, Image, NonEmpty, ObjectName, Quantity

PortNumber = Annotated[int, Field(ge=1, le=65535)]
EnvName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


def exactly_one(model: Strict, *names: str) -> Iterator[Finding]:
    """A finding unless exactly one of the named fields is given."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        yield (), f"give exactly one of {', '.join(names)} (found {' and '.join(given) or 'none'})"


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

    http: Annotated[str, Field(pattern=r"^/")] | None = None
    """Path of an HTTP GET, answered with 200-399."""
    tcp: PortNumber | None = None
    grpc: PortNumber | None = None
    exec: list[str] | None = None
    port: PortNumber | None = None
    """Port of the HTTP probe; the workload's first port unless given."""
    initial_delay: Duration = Duration.of_seconds(0)
    period: Duration = Duration.of_seconds(10)
    timeout: Duration = Duration.of_seconds(1)
    failures: Annotated[int, Field(ge=1)] = 3
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
    mount: Annotated[str, Field(pattern=r"^/")]
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
    run_as_user: Annotated[int, Field(ge=0)] | None = None
    fs_group: Annotated[int, Field(ge=0)] | None = None
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


_SHORT_FORM = ("image", "command", "args", "env", "env_from", "probes", "resources", "volumes", "security")


class Workload(Ruled):
    """The pods of an app, in the short form, or as a full `pod_template` for what the short form lacks."""

    image: Image | None = None
    command: list[str] | None = None
    args: list[str] | None = None
    port: PortNumber | None = None
    """Short for one port named `http`."""
    ports: list[Port] = []
    """The first one receives the traffic."""
    env: dict[EnvName, EnvValue] = {}
    env_from: list[EnvFrom] = []
    probes: Probes = Probes()
    resources: Resources = Resources()
    volumes: list[Volume] = []
    security: Security = Security()
    service_account: ServiceAccount = ServiceAccount()
    image_pull_secrets: list[ObjectName] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    termination_grace: Duration = Duration.of_seconds(30)
    min_ready: Duration = Duration.of_seconds(10)
    """How long a pod must stay ready before it counts as available."""
    pod_template: dict[str, Any] | None = None
    """A PodTemplateSpec (`metadata`, `spec`); excludes the short form's container fields."""
    version: NonEmpty | None = None
    """The version people see; the image's tag unless given. Needed with `pod_template`."""

    def problems(self) -> Iterator[Finding]:
        yield from self._port_problems()
        if self.pod_template is None:
            if self.image is None:
                yield ("image",), "is required (or a full 'pod_template')"
            return
        for name in _SHORT_FORM:
            if name in self.model_fields_set:
                yield (name,), "is excluded by 'pod_template': write it inside the template"
        if self.version is None:
            yield ("version",), "is required with 'pod_template', like \"1.4.0\""

    def _port_problems(self) -> Iterator[Finding]:
        if (self.port is None) == (not self.ports):
            yield ("port",), "give either 'port' or 'ports': the port that receives traffic, like 8080"
        names = [port.name for port in self.ports]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield ("ports", index, "name"), f"'{name}' names two ports"

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
