"""The client of a local cluster's API: that of the library, opened with a kubeconfig that the cluster wrote itself."""

import json
from dataclasses import replace
from pathlib import Path

from components.access.client import APPLY, MERGE, STRATEGIC, Api, ApiError, Event, Object, path_of
from components.access.connection import connection_of

__all__ = ["APPLY", "MERGE", "STRATEGIC", "Api", "ApiError", "Event", "Object", "open_api", "path_of"]


_NAME = "kubernetes.default.svc"
"""The name that the API server's certificate carries for every address of it."""


def open_api(kubeconfig: Path, token: str | None = None) -> Api:
    """A client for the current context, as its user or as the one whose token is given.

    The file is JSON, so that no YAML reader is loaded: pieces start fast.
    """
    found = connection_of(json.loads(kubeconfig.read_text()))
    # A local cluster is on this machine, whatever proxy the environment names.
    return Api(replace(found, name=_NAME, proxy="", token=token or found.token))
