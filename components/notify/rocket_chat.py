"""Rocket.Chat: an incoming webhook, as both engines can use it; the service of its name would need a user's password.

Source: docs.rocket.chat (Integrations, Incoming Webhook); flagger v1.36, pkg/notifier/rocket.go.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Channel
from ..contracts_of.argo_rollouts import PostedChannel, Words, posted
from ..contracts_of.flagger import FlaggerChannel
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest, without_nothing
from ..spec.names import NonEmpty


class RocketChatChannel(Channel, PostedChannel, FlaggerChannel, FluxChannel):
    """Messages in Rocket.Chat; needs the credential `address`, the URL of an incoming webhook."""

    kind: Literal["rocket-chat"] = "rocket-chat"
    channel: NonEmpty | None = None
    """Room or user, like `#releases`; that of the webhook unless given."""

    flagger_type: ClassVar[str] = "rocket"
    flux_type: ClassVar[str] = "rocket"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "rocket-chat"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("address",)

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        where = f' "channel" {json.dumps(self.channel)}' if self.channel else ""
        return posted(name, words, f'(dict "text" $text{where})')

    def flagger_fields(self) -> Manifest:
        return without_nothing({"channel": self.channel, "username": "coalmine"})

    def flux_fields(self) -> Manifest:
        return self.flagger_fields()
