"""Delivery through Git: the repository that a GitOps engine reads, and which apps it delivers."""

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from ..record import record
from .base import Finding, Ruled, Strict
from .names import AppName, DnsLabel, NameRule, NonEmpty
from .registry import VariantModel

if TYPE_CHECKING:
    from .cluster import StackSpec

Via = Literal["pulumi", "gitops"]
"""Who brings an app's objects to the cluster: `pulumi up`, or the engine that reads them from Git."""

CREDENTIALS = "gitops"
"""The name, beside those of channels, under which a stack's `credentials` hold what opens the repository."""

GitUrl = Annotated[
    str,
    NameRule(
        r"(https?|ssh)://[^\s/?#]+/[^\s?#]+",
        2048,
        "an address of a Git repository: write it like 'https://git.example.com/team/delivery.git' or "
        "'ssh://git@git.example.com/team/delivery.git'",
    ),
]
Folder = Annotated[
    str,
    NameRule(
        r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*",
        512,
        "a folder of the repository: write it like 'clusters/production'",
    ),
]
Revision = Annotated[
    str, NameRule(r"[A-Za-z0-9_][A-Za-z0-9._/-]*", 250, "the name of a branch: write it like 'main' or 'release/2'")
]


class GitOpsModel(VariantModel, Ruled):
    """An engine that keeps the cluster as a Git repository says."""

    repository: GitUrl
    """Address of the repository that holds the rendered tree; `https://` or `ssh://`, without a password in it."""
    revision: Revision = "main"
    """Branch that the cluster follows."""
    path: Folder | None = None
    """Folder of this cluster in the repository, where `coalmine render` writes; `clusters/<cluster>` unless given."""
    namespace: DnsLabel
    """Namespace of the engine, and of the objects that tell it what to deliver."""
    username: NonEmpty = "git"
    """Name that is sent with a password or token; most servers take any."""

    @property
    def by_key(self) -> bool:
        """Whether the repository is opened by a key, and not by a password."""
        return self.repository.startswith("ssh://")

    @property
    def credentials(self) -> tuple[str, ...]:
        """The names of the stack's credentials that open the repository."""
        return ("private-key", "known-hosts") if self.by_key else ("password",)

    @property
    def is_opened(self) -> bool:
        """Whether the repository can be read without the stack's credentials."""
        return not self.by_key

    @property
    def brought(self) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
        """Of what it brings beside the apps: path of its key, namespace, and Pod Security Standard that it asks for."""
        yield from ()

    def stack_problems(self, stack: "StackSpec") -> Iterator[Finding]:
        """Path inside these keys and message of what does not fit the stack."""
        yield from ()

    def folder(self, cluster: str) -> str:
        """The folder of a cluster in the repository."""
        return self.path or str(PurePosixPath("clusters", cluster))

    def problems(self) -> Iterator[Finding]:
        if self.by_key and "username" in self.model_fields_set:
            yield ("username",), "is not sent with a key: write it into the address, like 'ssh://git@...'"
        place = self.repository.partition("://")[2].partition("/")[0]
        user, at, _ = place.rpartition("@")
        if at and (":" in user or not self.by_key):
            yield (
                ("repository",),
                "holds credentials, which would stand in plain text everywhere: leave them out, and give "
                f"`pulumi config set --secret --path 'coalmine:credentials.{CREDENTIALS}.password'`",
            )


Vias = Via | dict[AppName, Via]


@cache
def _adapter(of: Any) -> TypeAdapter[Any]:
    """Made when it is used: most stacks are a list of files."""
    return TypeAdapter(of)


@record
class _WordOrMapping:
    """Only what was meant is told of a mistake, not what either form would have it."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_via)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [handler(_adapter(Via).core_schema), handler(_adapter(dict[AppName, Via]).core_schema)]}


def _via(raw: Any) -> Vias:
    made: Vias = _adapter(dict[AppName, Via] if isinstance(raw, Mapping) else Via).validate_python(raw)
    return made


class AppsSpec(Strict):
    """The apps of a cluster, and who brings them there."""

    files: list[NonEmpty] = []
    """Files of the apps, e.g. `apps/shop.yaml` or `apps/*.yaml`; a file that two patterns match is read once."""
    via: Annotated[Vias, _WordOrMapping()] = "pulumi"
    """`pulumi` registers an app's objects with `pulumi up`; `gitops` has the engine in `gitops` read them from Git.

    Either one word for all apps, or one for each app by its name, e.g. `{shop: gitops}`; the others are Pulumi's.
    """

    def of(self, app: str) -> Via:
        """Who brings an app."""
        return self.via if isinstance(self.via, str) else self.via.get(app, "pulumi")

    @property
    def by_git(self) -> Iterator[tuple[str | int, ...]]:
        """The places where a user says that the GitOps engine brings an app."""
        if self.via == "gitops":
            yield ("via",)
        elif not isinstance(self.via, str):
            yield from (("via", name) for name, via in self.via.items() if via == "gitops")


@record
class OrFiles:
    """Apps may be written as the list of their files alone."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_apps)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        files = _adapter(list[NonEmpty]).core_schema
        return handler(core_schema.union_schema([files, AppsSpec.__pydantic_core_schema__]))


def _apps(raw: Any) -> AppsSpec:
    if isinstance(raw, Mapping):
        return AppsSpec.model_validate(raw)
    if isinstance(raw, AppsSpec):
        return raw
    # What is neither is answered as a list is.
    return AppsSpec.model_construct(files=_adapter(list[NonEmpty]).validate_python(raw))


def delivery_problems(engine: GitOpsModel | None, apps: AppsSpec, credentials: Collection[str]) -> Iterator[Finding]:
    """Path in the stack and message of what is wrong with its delivery through Git.

    `credentials`: the names of those that the stack gives for the repository.
    """
    if engine is not None:
        yield from _about_credentials(engine, credentials)
        return
    for place in apps.by_git:
        yield (
            ("apps", *place),
            "needs the engine that reads Git: choose it in 'gitops', e.g. "
            "{kind: argocd, repository: 'https://git.example.com/team/delivery.git'}, or write 'pulumi'",
        )
    if credentials:
        yield ("credentials", CREDENTIALS), "there is no repository to open: choose its engine in 'gitops'"


def _about_credentials(engine: GitOpsModel, given: Collection[str]) -> Iterator[Finding]:
    needed = engine.credentials
    for role in given:
        if role not in needed:
            opened = f"does not open {engine.repository} (known: {', '.join(needed)})"
            yield ("credentials", CREDENTIALS, role), opened
    for role in needed if given else ():
        if role not in given:
            yield ("credentials", CREDENTIALS), f"'{role}' is missing: give all of {', '.join(needed)}, or none"
    if given and engine.repository.startswith("http://"):
        yield ("gitops", "repository"), "would be sent its credentials in plain text: write 'https://'"
    if not given and not engine.is_opened:
        yield (
            ("gitops", "repository"),
            f"is opened by a key: give {' and '.join(needed)} in 'credentials.{CREDENTIALS}', "
            "or say that a Secret of the cluster holds them",
        )
