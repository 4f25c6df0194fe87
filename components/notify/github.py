"""GitHub: the state of a release on the commit that it releases.

Source: notifications-engine v0.5, services/github.go; docs.github.com/rest/commits/statuses.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ..capability import Refused
from ..contracts import Channel
from ..contracts_of.argo_rollouts import RolloutsChannel, Words, credential
from ..manifests.meta import Manifest, without_nothing
from ..plan import Plan
from ..spec.base import Finding
from ..spec.channels import Event
from ..spec.names import NameRule, Url
from ..spec.values import Int32

COMMIT = "org.opencontainers.image.revision"
"""The pods' annotation that names the commit. Source: OCI image spec, annotations.md."""
GitHubRepository = Annotated[
    str, NameRule(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", 140, "a repository: write it like 'example/shop'")
]
_STATE: Mapping[Event, str] = {"promoted": "success", "aborted": "failure"}


class GitHubChannel(Channel, RolloutsChannel):
    """Statuses of commits, by a GitHub App; needs the credential `private-key`, the App's, in PEM.

    A wrong key silences every channel of the cluster: the controller reads them all or none.
    """

    kind: Literal["github"] = "github"
    repository: GitHubRepository
    """The repository, as `owner/name`."""
    app_id: Annotated[Int32, Field(ge=1)]
    """ID of the App."""
    installation_id: Annotated[Int32, Field(ge=1)]
    """ID of its installation, which may write commit statuses."""
    enterprise: Url | None = None
    """API of a GitHub Enterprise Server, like `https://github.example.com/api/v3`."""

    rollouts_service: ClassVar[str] = "github"
    refused: ClassVar[Mapping[str, Refused]] = {
        "flagger": Refused(
            "Flagger sends to chats only",
            "add a chat channel, or let the pipeline ask `coalmine status`, or choose engine 'argo-rollouts'",
        )
    }
    EXAMPLE: ClassVar[Mapping[str, Any]] = {
        "kind": "github",
        "repository": "example/shop",
        "app_id": 12345,
        "installation_id": 67890,
    }

    @property
    def credentials(self) -> Sequence[str]:
        return ("private-key",)

    def problems(self, plan: Plan) -> Sequence[Finding]:
        if plan.existing:
            message = "hides from a GitHub channel which commit is released: write the pods here, or 'notify' others"
            return [(("workload", "existing"), message)]
        if COMMIT in plan.template.get("metadata", {}).get("annotations", {}):
            return ()
        return [(("workload", "annotations", COMMIT), "is required by a GitHub channel: the commit that is released")]

    def rollouts_options(self, name: str) -> Manifest:
        return without_nothing(
            {
                "appID": self.app_id,
                "installationID": self.installation_id,
                "privateKey": credential(name, "private-key"),
                "enterpriseBaseURL": self.enterprise,
            }
        )

    def rollouts_recipient(self, name: str) -> str:
        return self.repository

    def rollouts_template(self, name: str, words: Words) -> Manifest:
        # The template is that of all channels of this kind: what is a channel's own comes as its recipient.
        commit = f'{{{{ dig "spec" "template" "metadata" "annotations" "{COMMIT}" "" .rollout }}}}'
        status = {
            "state": _STATE.get(words.event, "pending"),
            "label": "coalmine/{{ .rollout.metadata.name }}",
            "targetURL": f"https://github.com/{{{{ .recipient }}}}/commit/{commit}",
        }
        return {
            "github": {"repoURLPath": "https://github.com/{{ .recipient }}", "revisionPath": commit, "status": status}
        }
