"""The stack's keys for delivery through Git: what is refused, where, and what to write instead."""

from pathlib import Path
from typing import Any

import pytest

from components.platform.piece import chosen
from tests.specs import Project, example_app, stack_keys

REPOSITORY = "https://git.example.com/platform/delivery.git"
ARGO = {"kind": "argocd", "repository": REPOSITORY}
BY_KEY = "ssh://git@git.example.com/platform/delivery.git"
SECRET = {"secure": "v1:abc"}
FILES = ["apps/*.yaml"]
PREFIX = "stacks/Pulumi.test.yaml: coalmine:"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.apps(example_app())
    return made


def messages(project: Project, **keys: Any) -> list[str]:
    project.stack({**stack_keys(), **keys})
    return [line.removeprefix(PREFIX) for line in project.messages()]


def test_a_stack_has_no_gitops_engine_unless_it_chooses_one(project: Project) -> None:
    loaded = project.load()
    assert loaded.spec.gitops is None
    assert list(chosen(loaded.spec, "gitops")) == []
    assert loaded.spec.apps.of("shop") == "pulumi"


@pytest.mark.parametrize("kind", ["argocd", "flux"])
def test_a_chosen_engine_has_its_piece_and_its_folder(project: Project, kind: str) -> None:
    project.stack({**stack_keys(), "gitops": {"kind": kind, "repository": REPOSITORY}})
    stack = project.load().spec
    assert list(chosen(stack, "gitops")) == [kind]
    assert stack.gitops is not None
    assert stack.gitops.folder("test") == "clusters/test"


def test_files_are_a_list_or_a_key_beside_who_brings_the_apps(project: Project) -> None:
    project.stack({**stack_keys(), "apps": {"files": FILES, "via": {"shop": "gitops"}}, "gitops": ARGO})
    apps = project.load().spec.apps
    assert (apps.files, apps.of("shop"), apps.of("other")) == (FILES, "gitops", "pulumi")
    project.stack({**stack_keys(), "apps": {"files": FILES, "via": "gitops"}, "gitops": ARGO})
    assert project.load().spec.apps.of("other") == "gitops"


@pytest.mark.parametrize(("via", "place"), [("gitops", "apps.via"), ({"shop": "gitops"}, "apps.via.shop")])
def test_apps_through_git_need_an_engine_that_reads_it(project: Project, via: Any, place: str) -> None:
    [said] = messages(project, apps={"files": FILES, "via": via})
    assert said.startswith(f"{place}: needs the engine that reads Git: choose it in 'gitops', e.g. {{kind: argocd")


@pytest.mark.parametrize(
    ("apps", "said"),
    [
        ({"files": FILES, "via": "git"}, "apps.via: 'git' is not allowed (did you mean 'gitops'?)"),
        ({"files": FILES, "via": {"shop": "git"}}, "apps.via.shop: 'git' is not allowed (did you mean 'gitops'?)"),
        (
            {"files": FILES, "via": {"shp": "pulumi"}},
            "apps.via.shp: no app of this name on this stack (did you mean 'shop'?)",
        ),
        ({"files": ["apps/shop.yaml"]}, "apps.files[0]: no such file 'apps/shop.yaml' (known: apps/app.yaml)"),
        (["apps/shop.yaml"], "apps[0]: no such file 'apps/shop.yaml' (known: apps/app.yaml)"),
        ("apps/app.yaml", "apps: must be a list, not 'apps/app.yaml'"),
    ],
)
def test_a_mistake_in_apps_is_told_where_it_stands(project: Project, apps: Any, said: str) -> None:
    assert messages(project, apps=apps, gitops=ARGO) == [said]


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        ("git@git.example.com:platform/delivery.git", "'git@git.example.com:platform/delivery.git' is not an address"),
        ("file:///srv/delivery.git", "'file:///srv/delivery.git' is not an address of a Git repository"),
        ("https://me:secret@git.example.com/a.git", "holds credentials"),
        ("https://token@git.example.com/a.git", "holds credentials"),
        ("ssh://git:secret@git.example.com/a.git", "holds credentials"),
        (BY_KEY, "is opened by a key: give private-key in 'credentials.gitops'"),
    ],
)
def test_a_repository_that_cannot_be_read_is_refused(project: Project, repository: str, said: str) -> None:
    found = messages(project, gitops={**ARGO, "repository": repository})
    assert any(line.startswith(f"gitops.repository: {said}") for line in found), found


@pytest.mark.parametrize(
    ("repository", "given", "said"),
    [
        (REPOSITORY, {"password": SECRET}, []),
        (BY_KEY, {"private-key": SECRET}, []),
        (REPOSITORY, {}, []),
        (REPOSITORY, {"password": "plain"}, ["credentials.gitops.password: must be a secret"]),
        (
            REPOSITORY,
            {"password": SECRET, "token": SECRET},
            [f"credentials.gitops.token: does not open {REPOSITORY} (known: password)"],
        ),
        (
            REPOSITORY.replace("https", "http"),
            {"password": SECRET},
            ["gitops.repository: would be sent its credentials in plain text: write 'https://'"],
        ),
    ],
)
def test_what_opens_the_repository(project: Project, repository: str, given: Any, said: list[str]) -> None:
    found = messages(project, gitops={**ARGO, "repository": repository}, credentials={"gitops": given})
    assert len(found) == len(said)
    assert all(line.startswith(start) for line, start in zip(found, said, strict=True)), found


def test_flux_is_told_the_servers_keys_with_its_own(project: Project) -> None:
    def said(**given: Any) -> list[str]:
        return messages(project, gitops={"kind": "flux", "repository": BY_KEY}, credentials={"gitops": given})

    assert said(**{"private-key": SECRET, "known-hosts": SECRET}) == []
    [missing] = said(**{"private-key": SECRET})
    assert missing.startswith("credentials.gitops: 'known-hosts' is missing: give all of private-key, known-hosts")


def test_a_secret_of_the_cluster_opens_it_too(project: Project) -> None:
    assert messages(project, gitops={**ARGO, "repository": BY_KEY, "repository_secret": True}) == []
    assert messages(project, gitops={"kind": "flux", "repository": BY_KEY, "secret": "delivery-key"}) == []


def test_credentials_without_a_repository_are_refused(project: Project) -> None:
    said = "credentials.gitops: there is no repository to open: choose its engine in 'gitops'"
    assert messages(project, credentials={"gitops": {"password": SECRET}}) == [said]


def test_no_channel_has_the_name_of_the_repositorys_credentials(project: Project) -> None:
    delivery = {**stack_keys()["delivery"], "channels": {"gitops": {"kind": "slack", "channel": "x"}}}
    [said] = messages(project, delivery=delivery)
    assert said == "delivery.channels.gitops: is the name of the repository's credentials: choose another"
