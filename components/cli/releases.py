"""What the verbs about running releases share: finding an app's release, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..record import record
from .output import UserError, chosen_apps, open_stack, print_json, project_root

if TYPE_CHECKING:
    from ..access.client import Api
    from ..operate.contract import Operator, Release

AppArgument = Annotated[str, typer.Argument(help="The app's name.")]
StackOption = Annotated[
    str | None,
    typer.Option("--stack", "-s", help="The stack that runs the app; the kubeconfig's current cluster unless given."),
]
NamespaceOption = Annotated[
    str | None,
    typer.Option("--namespace", "-n", help="Where the app is; looked up by its label unless given. Not with --stack."),
]

_SECONDS = 10.0
"""Time for one request: a cluster that cannot be reached is said within it."""


@record
class Target:
    """One app's release.

    Fields: `api`; `operator`: of its engine; `namespace`; `app`; `stack`: that was named, "" for none.
    """

    api: Api
    operator: Operator
    namespace: str
    app: str
    stack: str

    @property
    def place(self) -> str:
        """The arguments that lead another command to this app."""
        return f"--stack {self.stack} {self.app}" if self.stack else self.app

    def read(self) -> Release:
        """The release as it stands now. Raises UserError where the cluster does not have it."""
        found = self.operator.read(self.api, self.namespace, self.app)
        if found is None:
            up = f"pulumi up --stack {self.stack}" if self.stack else "pulumi up"
            raise UserError(f"app '{self.app}' is not on the cluster {self.api.server} yet: run `{up}`")
        return found

    def done(self, action: str, happens: str, json: bool) -> None:
        """Says that an action was taken and what follows from it."""
        if json:
            print_json({"app": self.app, "namespace": self.namespace, "action": action})
            return
        print(f"{self.app}: {happens}; follow it with `coalmine watch {self.place}`")


@contextmanager
def release_of(app: str, stack: str | None, namespace: str | None, root: Path | None) -> Iterator[Target]:
    """The app's release; inside, whatever goes wrong with the cluster becomes a UserError."""
    import http.client

    from ..access.client import ApiError
    from ..access.connection import AccessError
    from ..operate.contract import Refused
    from ..operate.find import NotFoundError, look_up

    server = "that the kubeconfig names"
    try:
        api, known = _cluster(app, stack, namespace, root)
        server = api.server
        operator, where = known or look_up(api, app, namespace)
        yield Target(api, operator, where, app, stack or "")
    except (AccessError, NotFoundError, Refused) as error:
        raise UserError(str(error)) from None
    except ApiError as error:
        raise UserError(f"the API server {server} refused: {error}") from None
    except (OSError, http.client.HTTPException) as error:
        remedy = "start the cluster, or choose another with KUBECONFIG or --stack"
        raise UserError(f"the API server {server} cannot be reached ({_reason(error)}): {remedy}") from None


def _cluster(
    app: str, stack: str | None, namespace: str | None, root: Path | None
) -> tuple[Api, tuple[Operator, str] | None]:
    """A client for the cluster; with a stack also the engine and the namespace that it names for the app."""
    from ..access.client import Api
    from ..access.connection import connection_of
    from ..access.kubeconfig import load
    from ..operate.find import operator_of

    if stack is None:
        return Api(connection_of(load(None)), _SECONDS), None
    if namespace is not None:
        raise UserError("--namespace goes without --stack, which knows the app's namespace")
    loaded = open_stack(stack, project_root(root))
    [found] = chosen_apps(loaded, app)
    cluster = loaded.spec.cluster
    encrypted = cluster.kubeconfig is not None and cluster.kubeconfig.is_encrypted
    api = Api(connection_of(load(None if encrypted else cluster.kubeconfig), cluster.context), _SECONDS)
    if encrypted:
        where = "$KUBECONFIG" if os.environ.get("KUBECONFIG") else "~/.kube/config"
        said = f"the kubeconfig of stack '{stack}' is encrypted, and only Pulumi can open it"
        print(f"{said}: asking {api.server}, which {where} names", file=sys.stderr)
    return api, (operator_of(found.spec.delivery.engine or loaded.spec.delivery.engine.kind), found.spec.namespace)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return str(getattr(error, "strerror", None) or error).lower()
