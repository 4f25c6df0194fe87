"""One stack from its first preview to its end, with secrets of every sort, and everything that was said meanwhile."""

import base64
import json
import os
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from localcluster.api import APPLY, Object, path_of
from localcluster.cluster import Cluster
from localcluster.pulumi_home import make_home
from localcluster.shell import official_plugins

from .pulumi_runs import ROOT

STACK = "secrets"
DEPLOYMENT = path_of("apps/v1/deployments", "monitoring", "grafana")
SECRET = path_of("v1/secrets", "monitoring", "grafana")
_PROGRAM = (".venv", "__main__.py", "components", "policies")
_CONFIG = {
    "cluster": {"name": "secrets", "kubernetes": "1.36"},
    "delivery": {"engine": "argo-rollouts", "router": "istio", "metrics": "prometheus"},
    "platform": {
        **{piece: {"install": False} for piece in ("argo_rollouts", "istio", "prometheus")},
        "grafana": {"install": True},
    },
    "apps": [],
}
_ELSEWHERE = "registry.example.com/grafana:another"


@dataclass
class Life:
    """Runs `pulumi` in a project, a back end and a home of its own.

    Fields: `cluster`; `folder`: all that Pulumi may write to; `passphrase`; `said`: every command's text by what it was
    for; `secrets`: by name, as they became known.
    """

    cluster: Cluster
    folder: Path
    passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    said: dict[str, bytes] = field(default_factory=dict, repr=False)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def stack_file(self) -> Path:
        return self.folder / "project" / "stacks" / f"Pulumi.{STACK}.yaml"

    def start(self) -> None:
        """The project, without a stack."""
        for name in ("project/stacks", "state", "tmp"):
            (self.folder / name).mkdir(parents=True)
        (make_home(self.folder / "home", official_plugins()) / "logs").unlink()
        (self.folder / "project" / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
        for name in _PROGRAM:
            (self.folder / "project" / name).symlink_to(ROOT / name)
        self.stack_file.write_text(yaml.safe_dump({"config": {f"coalmine:{key}": _CONFIG[key] for key in _CONFIG}}))
        self.secrets["passphrase"] = self.passphrase

    def set(self, *path: str, to: Any) -> None:
        """Another value in the stack's file, e.g. `("platform", "grafana", "rotation")`."""
        settings = yaml.safe_load(self.stack_file.read_text(encoding="utf-8"))
        place = settings["config"][f"coalmine:{path[0]}"]
        for key in path[1:-1]:
            place = place[key]
        place[path[-1]] = to
        self.stack_file.write_text(yaml.safe_dump(settings), encoding="utf-8")

    def run(self, what: str, *arguments: str, given: str = "", fails: bool = False) -> str:
        """One command, whose text is kept and returned; `given`: its standard input."""
        ran = self._pulumi(*arguments, given=given)
        self.said[what] = (ran.stdout + ran.stderr).encode()
        assert (ran.returncode != 0) == fails, (
            f"{what}: exit code {ran.returncode}\n{(ran.stdout + ran.stderr)[-3000:]}"
        )
        return ran.stdout + ran.stderr

    def shown(self, *arguments: str) -> Any:
        """What a command shows with --show-secrets, as data; not among what was said."""
        return json.loads(self._pulumi(*arguments, "--show-secrets").stdout)

    def learn_passwords(self, when: str) -> str:
        """Adds what was generated, as Pulumi shows it on demand. Returns Grafana's password."""
        for resource in self.shown("stack", "export")["deployment"]["resources"]:
            if resource["type"] == "random:index/randomPassword:RandomPassword":
                for name in ("result", "bcryptHash"):
                    self.secrets[f"{name} {when}"] = json.loads(resource["outputs"][name]["plaintext"])
        return self.secrets[f"result {when}"]

    def _pulumi(self, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["pulumi", *arguments, "--stack", STACK, "--non-interactive", "--color", "never"],
            cwd=self.folder / "project",
            env=self._environment(),
            input=given,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.cluster.environment(),
            "KUBECONFIG": "/nowhere",
            "PULUMI_BACKEND_URL": (self.folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_DEBUG_COMMANDS": "true",  # --event-log is there only then
            "PULUMI_HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
        }


def credentials(life: Life) -> str:
    """A kubeconfig that leads to the cluster with a token and a client's key in it; both are secrets from now on.

    The key is the API server's own: one that was made for nothing else, of the size and form that clients have.
    """
    config = json.loads(life.cluster.kubeconfig.read_text(encoding="utf-8"))
    server, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    authority = Path(server.pop("certificate-authority"))
    server["certificate-authority-data"] = _encoded(authority)
    user["client-certificate-data"] = _encoded(authority)
    user["client-key-data"] = _encoded(authority.with_suffix(".key"))
    life.secrets |= {
        "token": user["token"],
        "client key": authority.with_suffix(".key").read_text(encoding="utf-8"),
        "client key in the kubeconfig": user["client-key-data"],
    }
    return yaml.safe_dump(config)


def lived(life: Life, kubeconfig: Path) -> None:
    """Previews, updates, a change, a failure, a refresh and a destroy: first by a path, then with a secret."""
    kubeconfig.write_text(credentials(life), encoding="utf-8")
    events = str(life.folder / "events")
    life.run("stack init", "stack", "init")
    life.set("cluster", "kubeconfig", to=str(kubeconfig))
    life.run("up by path", "up", "--yes", "--diff", "--event-log", f"{events}-up")
    life.run("state by path", "stack", "export")
    life.learn_passwords("by path")

    setting = ("config", "set", "--secret", "--path", "coalmine:cluster.kubeconfig")
    life.run("config set", *setting, given=kubeconfig.read_text(encoding="utf-8"))
    kubeconfig.unlink()
    life.set("platform", "grafana", "rotation", to=2)
    pack = ("--policy-pack", "policies")
    life.run("preview", "preview", "--json", *pack, "--event-log", f"{events}-preview")
    own = _take_image(life, _ELSEWHERE)
    life.run("up that fails", "up", "--yes", "--diff", *pack, fails=True)
    _take_image(life, own)
    verbose = ("-v=8", "--logtostderr", "--logflow", "--debug")
    life.run("up with verbose logs", "up", "--yes", "--skip-preview", *verbose)
    life.learn_passwords("rotated")

    life.run("refresh", "refresh", "--yes", "--skip-preview", "--diff")
    for verb in ("output --json", "output", "export", "history --json"):
        life.run(f"stack {verb}", "stack", *verb.split())
    life.run("config", "config", "--json")


def _take_image(life: Life, image: str) -> str:
    """Lets another manager own Grafana's image: an update with another one conflicts. Returns the one before."""
    before: Object = life.cluster.api.get(DEPLOYMENT)
    containers = [{"name": "grafana", "image": image}]
    wanted = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {"containers": containers}}}}
    query = {"fieldManager": "someone", "force": "true"}
    life.cluster.api.request("PATCH", DEPLOYMENT, wanted, content_type=APPLY, query=query)
    return str(before["spec"]["template"]["spec"]["containers"][0]["image"])


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
