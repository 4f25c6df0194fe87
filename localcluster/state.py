"""Where one local cluster keeps its files, and what is written down about it."""

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
DEFAULT_NAME = "local"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?")


class LocalClusterError(Exception):
    """Something that the user must know about the local cluster: one line with what failed and what to do."""


def base_dir(environment: Mapping[str, str] | None = None) -> Path:
    """The folder of all local clusters: $COALMINE_LOCAL_DIR, else .local in the checkout."""
    chosen = (os.environ if environment is None else environment).get("COALMINE_LOCAL_DIR")
    return Path(chosen).absolute() if chosen else REPO / ".local"


@dataclass(frozen=True)
class StateDir:
    """The folder of one cluster. Fields: `name`: lower-case letters, digits and hyphens; `root`: the folder."""

    name: str
    root: Path

    @classmethod
    def of(cls, name: str = DEFAULT_NAME) -> "StateDir":
        """The folder of the cluster of that name. Raises LocalClusterError for a name that cannot be one."""
        if not _NAME.fullmatch(name):
            raise LocalClusterError(f"cluster name {name!r}: use at most 32 lower-case letters, digits and hyphens")
        return cls(name, base_dir() / name)

    @property
    def record(self) -> Path:
        """The file that `Record` lives in."""
        return self.root / "cluster.json"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig for programs outside the network namespace."""
        return self.root / "kubeconfig"

    @property
    def inner_kubeconfig(self) -> Path:
        """The administrator's kubeconfig for programs inside the network namespace."""
        return self.root / "kubeconfig.inside"

    @property
    def logs(self) -> Path:
        """One log file per piece."""
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        """Keys, tokens and the kubeconfigs of the control plane's own parts."""
        return self.root / "secrets"

    @property
    def certificates(self) -> Path:
        """The API server's serving certificate and key, which it makes itself."""
        return self.root / "certificates"

    @property
    def etcd(self) -> Path:
        """The database."""
        return self.root / "etcd"

    @property
    def pods(self) -> Path:
        """Volumes and roots of the pods that run as processes."""
        return self.root / "pods"

    @property
    def hosts(self) -> Path:
        """What the namespace sees as /etc/hosts."""
        return self.root / "hosts"

    @property
    def socket(self) -> Path:
        """The supervisor's control socket."""
        return self.root / "control.sock"

    @property
    def pulumi(self) -> Path:
        """Pulumi's file back end."""
        return self.root / "pulumi"

    def make(self) -> None:
        """Create the folders, for the owner's eyes only."""
        for folder in (self.root, self.logs, self.secrets, self.certificates, self.etcd, self.pods, self.pulumi):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


@dataclass
class Record:
    """What outlives the commands about a cluster.

    Fields: `identity`: random, marks every process of the cluster; `ports`: outside port by relay name;
    `supervisor`: process id, 0 when none was started; `started`: its start time in clock ticks since boot, which tells
    it from a later process of the same id.
    """

    identity: str = field(default_factory=lambda: secrets.token_hex(8))
    ports: dict[str, int] = field(default_factory=dict)
    supervisor: int = 0
    started: int = 0

    @classmethod
    def load(cls, state: StateDir) -> "Record | None":
        """The record of a cluster, None when there is no cluster of that name."""
        if not state.record.is_file():
            return None
        return cls(**json.loads(state.record.read_text()))

    def save(self, state: StateDir) -> None:
        """Write the record; a reader never sees half of it."""
        write_private(state.record, json.dumps(asdict(self), indent=2))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one step."""
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    new.replace(path)
