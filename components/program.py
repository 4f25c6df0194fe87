"""What the Pulumi program does around its components: reads the configuration, checks the cluster, opens providers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes
from pulumi.runtime.config import is_config_secret
from pydantic import ValidationError

from . import hooks
from .adoption import Existing
from .compile import StackCheck
from .discovery import discover
from .guard import Guard
from .platform.checks import problems
from .reach import UnreachableError, requirement
from .spec.base import without_plugins
from .spec.channels import SecretText
from .spec.cluster import ClusterSpec
from .spec.errors import Problem, SpecError
from .spec.kubeconfig import Kubeconfig, is_contents
from .spec.load import LoadedStack, parse_stack
from .spec.origin import NAMESPACE

_DELETE_SECONDS = 300.0
_NO_SECRET = (
    "holds a secret, which would stand in plain text in the state: only cluster.kubeconfig and credentials may be; "
    "an app reads its own from a Secret in its namespace, as `env: {NAME: {secret: ..., key: ...}}`"
)
_NO_KUBECONFIG = "holds a secret that is no kubeconfig: only `kubeconfig` may be one, as YAML or JSON without base64"


def read_stack() -> LoadedStack:
    """The running stack's configuration, valid and with its apps.

    Raises pulumi.RunError with every problem at once, one line each: `file: path: message`. In an update, not in a
    preview, it also says where the cluster cannot be reached, before any resource is touched.
    """
    discover()
    stack_file = f"stacks/Pulumi.{pulumi.get_stack()}.yaml"
    try:
        raw = without_secrets(raw_config(), stack_file)
        with without_plugins():
            reached = _requirement(raw)
            loaded = parse_stack(raw, stack_file, Path(pulumi.runtime.get_root_directory()), StackCheck())
        found = problems(loaded)
        if found:
            raise SpecError(found)
        reached()
    except (SpecError, UnreachableError) as error:
        raise pulumi.RunError(str(error)) from None
    return loaded


def _requirement(raw: Mapping[str, Any]) -> Callable[[], None]:
    """In an update, looks for the cluster while the apps are read; one that is not valid is reported with the apps."""
    if pulumi.runtime.is_dry_run():
        return lambda: None
    try:
        cluster = ClusterSpec.model_validate(raw.get("cluster"))
    except ValidationError:
        return lambda: None
    return requirement(cluster.kubeconfig, cluster.context)


def raw_config() -> dict[str, Any]:
    """Every `coalmine:` key of the stack, as Pulumi read it; keys nobody knows are among them and get refused."""
    config = pulumi.Config(NAMESPACE)
    prefix = f"{NAMESPACE}:"
    keys = sorted(key.removeprefix(prefix) for key in pulumi.runtime.config.CONFIG.get() if key.startswith(prefix))
    return {key: _value(config, key) for key in keys}


def _value(config: pulumi.Config, key: str) -> Any:
    try:
        return config.get_object(key)
    except pulumi.ConfigTypeError:
        # A bare word or number where a mapping is expected: the model says so, with the key's name.
        return config.get(key)


def without_secrets(raw: dict[str, Any], stack_file: str) -> dict[str, Any]:
    """The configuration with what may be a secret out of sight: a kubeconfig's contents, the channels' credentials.

    Pulumi hands secrets over in plain text and says only which keys hold one. Raises SpecError for any other key: what
    is made of its value would stand in plain text in the state.
    """
    secret = [key for key in raw if is_config_secret(f"{NAMESPACE}:{key}")]
    cluster = raw.get("cluster")
    text = cluster.get("kubeconfig") if isinstance(cluster, dict) else None
    refused = {key: _NO_SECRET for key in secret if key not in ("cluster", "credentials")}
    if not isinstance(text, str) or not is_contents(text):
        # It would be taken for a path, which messages and the state show.
        refused |= {key: _NO_KUBECONFIG for key in secret if key == "cluster"}
    if refused:
        raise SpecError(Problem(stack_file, f"{NAMESPACE}:{key}", message) for key, message in refused.items())
    if "credentials" in secret:
        raw = {**raw, "credentials": _hidden(raw["credentials"])}
    if "cluster" not in secret:
        return raw
    return {**raw, "cluster": {**raw["cluster"], "kubeconfig": Kubeconfig(contents=str(text))}}


def _hidden(value: Any) -> Any:
    """The same with every text as a secret."""
    if isinstance(value, dict):
        return {key: _hidden(inside) for key, inside in value.items()}
    return SecretText(value) if isinstance(value, str) else value


class ClusterProvider(pulumi_kubernetes.Provider):  # type: ignore[misc]
    """The provider of one cluster's objects.

    It takes over what exists already, so `guard` refuses beforehand what this stack did not make.
    """

    def __init__(self, cluster: ClusterSpec) -> None:
        kubeconfig = cluster.kubeconfig
        super().__init__(
            cluster.name,
            kubeconfig=_argument(kubeconfig) if kubeconfig else None,
            context=cluster.context,
            cluster_identifier=cluster.name,
            upsert_existing_objects=True,
        )
        existing = Existing(kubeconfig, cluster.context, optional=pulumi.runtime.is_dry_run())
        self.guard = Guard(cluster.name, existing, _DELETE_SECONDS) if hooks.are_run() else None


def _argument(kubeconfig: Kubeconfig) -> pulumi.Input[str]:
    """What a provider gets: of a file only its path, so that nothing in it enters the state."""
    if kubeconfig.is_encrypted:
        raise pulumi.RunError(f"{NAMESPACE}:cluster.kubeconfig is encrypted: give its contents as Pulumi opened them")
    if kubeconfig.contents:
        return pulumi.Output.secret(kubeconfig.contents)
    return str(Path(kubeconfig.path).expanduser())
