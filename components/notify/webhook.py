"""Any receiver of JSON: what happened, as data and as a text.

Source: notifications-engine v0.5, services/webhook.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..capability import Refused
from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, Words, credential, posted, webhook_options
from ..manifests.meta import Manifest


class WebhookChannel(Channel, RolloutsChannel):
    """A receiver of one's own, which gets JSON by POST; needs the credential `address`, its URL."""

    kind: Literal["webhook"] = "webhook"
    bearer_token: bool = False
    """Whether requests carry `Authorization: Bearer ...`, with the credential `token`."""

    rollouts_service: ClassVar[str] = "webhook"
    refused: ClassVar[Mapping[str, Refused]] = {
        "flagger": Refused(
            "Flagger sends messages of chats only, never data",
            "choose kind 'slack' with an `api` that takes Slack's messages, or choose engine 'argo-rollouts'",
        )
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "webhook", "bearer_token": True}

    @property
    def credentials(self) -> Sequence[str]:
        return ("address", "token") if self.bearer_token else ("address",)

    def rollouts_options(self, name: str) -> Manifest:
        headers = {"Authorization": f"Bearer {credential(name, 'token')}"} if self.bearer_token else {}
        return webhook_options(name, "address", **headers)

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        return posted(name, words, "$facts")
