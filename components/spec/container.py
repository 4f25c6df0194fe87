"""A container: what it is told, what it listens on, how its health is asked, what it may use."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from .base import Finding, Ruled, Strict
from .names import AbsolutePath, DnsLabel, NonEmpty, ObjectName
from .values import Duration, Int32, PositiveDuration, Quantity

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
    """Name of the Secret; with a version in `secret_versions`, of that version."""
    key: NonEmpty
    """Key in it."""


class ConfigKey(Strict):
    """One key of a ConfigMap: of one in `config`, else of one that exists in the app's namespace."""

    config: ObjectName
    """Name of the ConfigMap, or in `config`."""
    key: NonEmpty
    """Key in it."""


class PodField(Strict):
    """A field of the pod itself, e.g. `metadata.name`."""

    field: NonEmpty
    """Path of the field, as Kubernetes writes it."""


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
    """Name of a Secret."""
    config: ObjectName | None = None
    """Name of a ConfigMap; exactly one of the two is given."""
    prefix: str | None = None
    """Put before every key."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "secret", "config")


class Port(Strict):
    """A port the container listens on."""

    name: DnsLabel
    """Name of the port, e.g. `http`."""
    port: PortNumber
    """Number of the port."""
    protocol: Literal["TCP", "UDP"] = "TCP"
    """The transport; the port that receives the traffic is TCP."""


class Probe(Ruled):
    """How health is asked: exactly one of `http` (a path), `tcp` (a port), `grpc` (a port), `exec` (a command)."""

    http: AbsolutePath | None = None
    """Path of an HTTP GET, answered with 200-399."""
    tcp: PortNumber | None = None
    """Port that accepts a connection."""
    grpc: PortNumber | None = None
    """Port of the gRPC health service."""
    exec: Annotated[list[str], Field(min_length=1)] | None = None
    """Command that exits 0."""
    port: PortNumber | None = None
    """Port of the HTTP probe; the workload's first port unless given."""
    initial_delay: Duration = Duration.of_seconds(0)
    """Wait before the first question."""
    period: PositiveDuration = Duration.of_seconds(10)
    """Time between two questions."""
    timeout: PositiveDuration = Duration.of_seconds(1)
    """How long an answer may take."""
    failures: Annotated[Int32, Field(ge=1)] = 3
    """Failures in a row until the probe counts as failed."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "http", "tcp", "grpc", "exec")
        if self.port is not None and self.http is None:
            yield ("port",), "belongs to 'http'; for 'tcp' and 'grpc' the value is the port"


class Probes(Strict):
    """Readiness decides about traffic, liveness about restarts, startup holds both back."""

    readiness: Probe | None = None
    """Whether the pod gets traffic."""
    liveness: Probe | None = None
    """Whether the container is restarted."""
    startup: Probe | None = None
    """Until it passes, the other two wait."""


class ResourceAmounts(Strict):
    """Amounts of what a container may ask for."""

    cpu: Quantity | None = None
    """Cores, e.g. `250m`."""
    memory: Quantity | None = None
    """Bytes, e.g. `512Mi`."""
    ephemeral_storage: Quantity | None = None
    """Bytes on the node's disk."""


class Resources(Strict):
    """Requests are reserved by the scheduler, limits are enforced by the kernel."""

    requests: ResourceAmounts = ResourceAmounts.model_construct(cpu=Quantity("100m"), memory=Quantity("128Mi"))
    """What the scheduler reserves; an autoscaler measures against it."""
    limits: ResourceAmounts = ResourceAmounts.model_construct()
    """What the kernel allows; none unless given."""


class Volume(Ruled):
    """A folder in the container: exactly one of `config`, `secret`, `claim`, `empty_dir`."""

    name: DnsLabel
    """Name of the volume."""
    mount: AbsolutePath
    """Absolute path in the container."""
    config: ObjectName | None = None
    """Name of a ConfigMap."""
    secret: ObjectName | None = None
    """Name of a Secret."""
    claim: ObjectName | None = None
    """Name of a PersistentVolumeClaim."""
    empty_dir: Literal["disk", "memory"] | None = None
    """A folder that lives as long as the pod."""
    sub_path: NonEmpty | None = None
    """One file or folder of the volume instead of all of it."""
    read_only: bool | None = None
    """True unless given for config and secret, false for claim and empty_dir."""

    def problems(self) -> Iterator[Finding]:
        yield from exactly_one(self, "config", "secret", "claim", "empty_dir")


class Security(Strict):
    """The container's security context; the defaults meet the `restricted` Pod Security Standard.

    Source: kubernetes.io/docs/concepts/security/pod-security-standards.
    """

    run_as_non_root: bool = True
    """Refuse to start as user 0."""
    run_as_user: Annotated[Int32, Field(ge=0)] | None = None
    """User id; the image's own unless given."""
    fs_group: Annotated[Int32, Field(ge=0)] | None = None
    """Group id that owns the volumes."""
    read_only_root_filesystem: bool = True
    """Allow writing to volumes only."""
    allow_privilege_escalation: bool = False
    """Whether a process may gain more privileges than its parent."""
    add_capabilities: list[NonEmpty] = []
    """Linux capabilities to add; all others are dropped."""
    seccomp: Literal["RuntimeDefault", "Unconfined"] = "RuntimeDefault"
    """Which system calls are allowed."""
