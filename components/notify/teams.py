"""Microsoft Teams: a webhook of the Workflows app, which posts adaptive cards; what came before it is retired.

Source: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors; flagger v1.36, pkg/notifier/teams.go.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from ..contracts import Channel
from ..contracts_of.argo_rollouts import PostedChannel, Words, posted
from ..contracts_of.flagger import FlaggerChannel
from ..contracts_of.flux import FluxChannel
from ..manifests.meta import Manifest


class TeamsChannel(Channel, PostedChannel, FlaggerChannel, FluxChannel):
    """Cards in a channel of Teams; needs the credential `address`, the URL of a flow that posts webhook requests."""

    kind: Literal["teams"] = "teams"

    flagger_type: ClassVar[str] = "msteams"
    flux_type: ClassVar[str] = "msteams"
    EXAMPLE: ClassVar[Mapping[str, Any]] = {"kind": "teams"}

    @property
    def credentials(self) -> Sequence[str]:
        return ("address",)

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        title = '(dict "type" "TextBlock" "weight" "Bolder" "wrap" true "text" $title)'
        text = '(dict "type" "TextBlock" "wrap" true "text" $text)'
        card = f'(dict "type" "AdaptiveCard" "version" "1.4" "body" (list {title} {text}))'
        attached = f'(dict "contentType" "application/vnd.microsoft.card.adaptive" "content" {card})'
        return posted(name, words, f'(dict "type" "message" "attachments" (list {attached}))')
