"""Asks a real API server what its admission policies say about an object, without keeping it."""

import http.client
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from components.access.connection import connection_of
from components.access.transport import opener
from localcluster.api import Api, Object, path_of
from localcluster.cluster import Cluster
from policies.admission import LEVEL_LABEL

from .objects import apply_all, object_path, wait_for

POLICIES = path_of("admissionregistration.k8s.io/v1/validatingadmissionpolicies")
BINDINGS = path_of("admissionregistration.k8s.io/v1/validatingadmissionpolicybindings")
_DRY = urlencode({"dryRun": "All", "fieldValidation": "Ignore"})
_SAID = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']+'(?: denied request)?: (.*)", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What the API server says. `warned`, `refused`: what policies say, by rule; `error`: what else it refuses for.

    `kept`: the object as it would be kept; empty where it is refused.
    """

    warned: dict[str, str]
    refused: dict[str, str]
    error: str
    kept: Object


class Asking:
    """One kept connection to the API server, which shows the warnings too."""

    def __init__(self, cluster: Cluster, api: Api) -> None:
        found = connection_of(json.loads(cluster.kubeconfig.read_text()))
        self._connection = opener(replace(found, name="kubernetes.default.svc", proxy=""))(30)
        self._headers = {"Authorization": f"Bearer {found.token}", "Content-Type": "application/json"}
        self._api = api

    def __call__(self, body: Object, method: str = "POST") -> Answer:
        """An object as it would be created, or as it would be with PUT."""
        path = object_path(self._api, body)
        self._send(method, path.rpartition("/")[0] if method == "POST" else path, body)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        warnings = [_unquoted(one) for one in response.msg.get_all("Warning") or []]
        warned = _by_rule(warnings)
        if response.status < http.client.BAD_REQUEST:
            return Answer(warned, {}, "", answer)
        refused = _by_rule([answer["message"]])
        return Answer(warned, refused, "" if refused else answer["message"], {})

    def _send(self, method: str, path: str, body: Object) -> None:
        self._connection.request(method, f"{path}?{_DRY}", json.dumps(body).encode(), self._headers)


def _unquoted(warning: str) -> str:
    """The text of a header like `299 - "text"`."""
    return warning.partition('"')[2].removesuffix('"').replace('\\"', '"').replace("\\\\", "\\")


def _by_rule(texts: Iterable[str]) -> dict[str, str]:
    """What policies say, by rule. `texts`: of anybody."""
    every = [one for text in texts if (said := _SAID.search(text)) for one in said[2].split(" | ")]
    return {rule: rest for rule, _, rest in (one.partition(": ") for one in every)}


def install(api: Api, manifests: list[Object]) -> None:
    """Policies, then, when all were looked at by the controller that checks their types, what binds them."""
    policies = [one for one in manifests if one["kind"] == "ValidatingAdmissionPolicy"]
    apply_all(api, policies)
    wait_for(lambda: not _unchecked(api, policies), "every policy's types are checked", 180)
    apply_all(api, [one for one in manifests if one["kind"] != "ValidatingAdmissionPolicy"])


def _unchecked(api: Api, policies: list[Object]) -> list[str]:
    status = {one["metadata"]["name"]: one.get("status", {}) for one in api.items(POLICIES)}
    return [name for one in policies if "observedGeneration" not in status[name := one["metadata"]["name"]]]


def wrong_types(api: Api) -> dict[str, str]:
    """By policy, what does not fit the definitions of its kinds."""
    checked = {one["metadata"]["name"]: one["status"].get("typeChecking", {}) for one in api.items(POLICIES)}
    return {
        name: "\n".join(f"{one['fieldRef']}: {one['warning']}" for one in found.get("expressionWarnings", []))
        for name, found in checked.items()
        if found.get("expressionWarnings")
    }


def space(api: Api, name: str, level: str) -> str:
    """A namespace of a level."""
    labels = {LEVEL_LABEL: level} if level else {}
    apply_all(api, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}])
    return name
