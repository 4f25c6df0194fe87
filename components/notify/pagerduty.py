"""PagerDuty: an event opens an incident. Nothing closes it: a person does.

Source: notifications-engine v0.5, services/pagerdutyv2.go (Events API v2).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Refused
from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, Words, credential
from ..manifests.meta import Manifest
from ..spec.channels import Event

_SEVERITY: Mapping[Event, str] = {"aborted": "critical", "approval": "warning"}


class PagerDutyChannel(Channel, RolloutsChannel):
    """Incidents of a service of PagerDuty; needs the credential `routing-key`, of an Events API v2 integration."""

    kind: Literal["pagerduty"] = "pagerduty"

    rollouts_service: ClassVar[str] = "pagerdutyv2"
    refused: ClassVar[Mapping[str, Refused]] = {
        "flagger": Refused(
            "Flagger sends to chats only",
            "let PagerDuty listen to a chat channel that Flagger can reach, or choose engine 'argo-rollouts'",
        )
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "pagerduty"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("routing-key",)

    def rollouts_options(self, name: str) -> Manifest:
        return {"serviceKeys": {name: credential(name, "routing-key")}}

    def rollouts_recipient(self, name: str) -> str:
        return name

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        event = {
            # Longer ones are refused.
            "summary": words.said("trunc 1024 $text"),
            "severity": _SEVERITY.get(words.event, "info"),
            "source": words.cluster,
            "component": "{{ .rollout.metadata.name }}",
        }
        return {"pagerdutyv2": event}
