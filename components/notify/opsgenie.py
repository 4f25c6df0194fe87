"""Opsgenie: an event opens an alert of a team. Atlassian ends the service in April 2027.

Source: notifications-engine v0.5, services/opsgenie.go; docs.opsgenie.com/docs/alert-api (Create Alert).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Refused
from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, Words, credential
from ..contracts_of.flagger import Credential
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest
from ..spec.channels import Event
from ..spec.names import NonEmpty, Url

_PRIORITY: Mapping[Event, str] = {"aborted": "P1", "approval": "P3"}


class OpsgenieChannel(Channel, RolloutsChannel, FluxChannel):
    """Alerts of a team of Opsgenie; needs the credential `api-key`, of an API integration of that team."""

    kind: Literal["opsgenie"] = "opsgenie"
    team: NonEmpty
    """ID of the team."""
    api: Url = "https://api.opsgenie.com"
    """Address of the API; `https://api.eu.opsgenie.com` for accounts in the EU."""

    rollouts_service: ClassVar[str] = "opsgenie"
    rollouts_longest: ClassVar[int] = 130
    flux_type: ClassVar[str] = "opsgenie"
    refused: ClassVar[Mapping[str, Refused]] = {
        "flagger": Refused(
            "Flagger sends to chats only",
            "let Opsgenie listen to a chat channel that Flagger can reach, or choose engine 'argo-rollouts'",
        )
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "opsgenie", "team": "4513b7ea-3b91-438f-b7e4-e3e54af9147c"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("api-key",)

    def rollouts_options(self, name: str) -> Manifest:
        # Opsgenie's client wants a host alone.
        return {"apiUrl": self.api.partition("://")[2], "apiKeys": {self.team: credential(name, "api-key")}}

    def rollouts_recipient(self, name: str) -> str:
        return self.team

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        alert = {
            "description": words.said("$text"),
            "priority": _PRIORITY.get(words.event, "P5"),
            "alias": words.said('printf "%s %s" (get $facts "app") (get $facts "version")'),
        }
        return {"opsgenie": alert}

    def flux_secret(self) -> Mapping[str, Credential | str]:
        return {"address": f"{self.api.rstrip('/')}/v2/alerts", "token": Credential("api-key")}
