"""Channels that lead to a receiver of the tests: what the controllers told it about which app."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.contracts_of.argo_rollouts import secret_key
from components.contracts_of.flagger import secret_name
from localcluster.cluster import Cluster

from .applied import apply_secret

_PORT = 9181
_ADDRESS = f"http://127.0.0.1:{_PORT}"
HOOK, CHAT = "hook", "chat"
CHANNELS: dict[str, Any] = {
    HOOK: {"kind": "webhook", "bearer_token": True},
    CHAT: {"kind": "slack", "channel": "releases", "api": f"{_ADDRESS}/slack/"},
}
"""Nothing subscribes to them: the apps have no `notify`."""
_TOKEN = "of-no-use-elsewhere"


@dataclass(frozen=True)
class Messages:
    """What came. Fields: `file`: a line of JSON for each message."""

    file: Path

    def _of(self, path: str) -> list[dict[str, Any]]:
        lines = self.file.read_text(encoding="utf-8").splitlines()
        return [message for message in map(json.loads, lines) if message["path"] == path]

    def posted(self, app: str) -> list[dict[str, Any]]:
        """The facts that a webhook got about an app."""
        every = self._of("/hook")
        assert all(message["authorization"] == f"Bearer {_TOKEN}" for message in every)
        return [message["body"] for message in every if message["body"]["app"] == app]

    def by_bot(self, app: str) -> list[str]:
        """The texts that a bot said in Slack about an app of Argo Rollouts."""
        texts = [str(message["body"].get("text", "")) for message in self._of("/slack/chat.postMessage")]
        return [text for text in texts if text.startswith(f"{app} ")]

    def by_flagger(self, app: str) -> list[str]:
        """The texts that Flagger said in Slack about an app."""
        said = [message["body"] for message in self._of("/slack/chat.postMessage")]
        attached = [
            one
            for body in said
            if "attachments" in body and body["channel"] == "releases"
            for one in body["attachments"]
        ]
        return [one["text"] for one in attached if one["author_name"] == f"{app}.{app}"]


@contextmanager
def receiving(cluster: Cluster, folder: Path, by_flagger: Iterable[str]) -> Iterator[Messages]:
    """Receives messages from now on; the Secrets are made as others would, beside Pulumi."""
    file = folder / "messages"
    file.touch()
    command = cluster.inside([sys.executable, "-m", "tests.delivery.receiver", str(_PORT), str(file)])
    process = subprocess.Popen(command, stdin=subprocess.PIPE, env=cluster.inner_environment())
    try:
        keys = {secret_key(HOOK, "address"): f"{_ADDRESS}/hook", secret_key(HOOK, "token"): _TOKEN}
        keys[secret_key(CHAT, "token")] = _TOKEN
        apply_secret(cluster.api, "argo-rollouts", "argo-rollouts-notification-secret", keys)
        chat = {"address": f"{_ADDRESS}/slack/chat.postMessage", "token": _TOKEN}
        for namespace in by_flagger:
            apply_secret(cluster.api, namespace, secret_name(CHAT), chat)
        yield Messages(file)
    finally:
        process.communicate()
