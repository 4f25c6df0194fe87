"""Slack: a bot that posts into a channel.

Source: notifications-engine v0.5, services/slack.go; flagger v1.36, pkg/notifier/slack.go;
api.slack.com/methods/chat.postMessage.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, credential
from ..contracts_of.flagger import Credential, FlaggerChannel
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest
from ..spec.names import NonEmpty, Url


class SlackChannel(Channel, RolloutsChannel, FlaggerChannel, FluxChannel):
    """A bot's messages in a channel of Slack; needs the credential `token`, with the scope `chat:write`."""

    kind: Literal["slack"] = "slack"
    channel: NonEmpty
    """Name or ID of the channel, which the bot was invited to."""
    api: Url = "https://slack.com/api/"
    """Address of Slack's API, e.g. that of GovSlack."""

    rollouts_service: ClassVar[str] = "slack"
    flagger_type: ClassVar[str] = "slack"
    flux_type: ClassVar[str] = "slack"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "slack", "channel": "releases"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("token",)

    def rollouts_options(self, name: str) -> Manifest:
        return {"token": credential(name, "token"), "apiURL": self._api}

    def rollouts_recipient(self, name: str) -> str:
        return self.channel

    def flagger_fields(self) -> Manifest:
        return {"channel": self.channel, "username": "coalmine"}

    def flagger_secret(self) -> Mapping[str, Credential | str]:
        return {"address": f"{self._api}chat.postMessage", "token": Credential("token")}

    def flux_fields(self) -> Manifest:
        return self.flagger_fields()

    def flux_secret(self) -> Mapping[str, Credential | str]:
        return self.flagger_secret()

    @property
    def _api(self) -> str:
        return f"{self.api.rstrip('/')}/"
