"""Discord: an incoming webhook. The engine of Argo Rollouts has no service for it, so its general webhook is used.

Source: discord.com/developers/docs/resources/webhook (Execute Webhook); flagger v1.36, pkg/notifier/discord.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Channel
from ..contracts_of.argo_rollouts import PostedChannel, Words, posted
from ..contracts_of.flagger import FlaggerChannel
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest


class DiscordChannel(Channel, PostedChannel, FlaggerChannel, FluxChannel):
    """Messages in a channel of Discord; needs the credential `address`, the URL of a webhook of that channel."""

    kind: Literal["discord"] = "discord"

    flagger_type: ClassVar[str] = "discord"
    flux_type: ClassVar[str] = "discord"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "discord"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("address",)

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        # Discord refuses more than 2000 characters. Nobody is to be called by a name in an error's text.
        return posted(name, words, '(dict "content" (trunc 2000 $text) "allowed_mentions" (dict "parse" (list)))')
