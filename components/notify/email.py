"""E-mail, by a server that takes it over SMTP.

Source: notifications-engine v0.5, services/email.go.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..capability import Refused
from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, Words, credential
from ..manifests.meta import Manifest
from ..spec.names import Hostname, NonEmpty


class EmailChannel(Channel, RolloutsChannel):
    """Messages by e-mail; with `username` it needs the credential `password`."""

    kind: Literal["email"] = "email"
    host: Hostname
    """The SMTP server."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    """Its port; 587 speaks TLS after STARTTLS, 465 from the start."""
    sender: NonEmpty
    """Address that messages come from."""
    to: Annotated[list[NonEmpty], Field(min_length=1)]
    """Addresses that messages go to."""
    username: NonEmpty | None = None
    """User of the server; without one nothing is asked of it."""

    rollouts_service: ClassVar[str] = "email"
    refused: ClassVar[Mapping[str, Refused]] = {
        "flagger": Refused(
            "Flagger sends to chats only",
            "add the channel of a chat, like 'slack' or 'teams', or choose engine 'argo-rollouts'",
        )
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "email",
        "host": "smtp.example.com",
        "sender": "releases@example.com",
        "to": ["team-shop@example.com"],
        "username": "releases",
    }

    @property
    def credentials(self) -> Sequence[str]:
        return ("password",) if self.username else ()

    def rollouts_options(self, name: str) -> Manifest:
        login = {"username": self.username, "password": credential(name, "password")} if self.username else {}
        return {"host": self.host, "port": self.port, "from": self.sender, **login}

    def rollouts_recipient(self, name: str) -> str:
        return ",".join(self.to)

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        return {"email": {"subject": words.said("$title"), "body": words.said("$text")}}
