"""Google Chat: an incoming webhook of a space.

Source: notifications-engine v0.5, services/googlechat.go; flagger v1.36, pkg/notifier/gchat.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, credential
from ..contracts_of.flagger import FlaggerChannel
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest


class GoogleChatChannel(Channel, RolloutsChannel, FlaggerChannel, FluxChannel):
    """Messages in a space of Google Chat; needs the credential `address`, the URL of a webhook of that space."""

    kind: Literal["google-chat"] = "google-chat"

    rollouts_service: ClassVar[str] = "googlechat"
    flagger_type: ClassVar[str] = "gchat"
    flux_type: ClassVar[str] = "googlechat"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "google-chat"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("address",)

    def rollouts_options(self, name: str) -> Manifest:
        return {"webhooks": {name: credential(name, "address")}}

    def rollouts_recipient(self, name: str) -> str:
        return name
