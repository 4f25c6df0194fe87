"""The platform's Argo CD: every option reaches what is installed, or is refused."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifests.generated import Hidden, Password
from components.manifests.meta import Manifest
from components.platform.argo_cd.names import NAMESPACE
from components.platform.checks import problems
from components.platform.images import images, split
from components.platform.piece import pieces_of
from components.platform.pieces.argocd import PIECE
from components.platform.pod_standard import level
from components.platform.sources import ARGO_CD_HA_INSTALL, ARGO_CD_INSTALL, Source, locate
from components.platform.upstream import read
from components.spec.channels import SecretText
from components.spec.cluster import StackSpec
from tests.specs import Project, only, stack_keys
from tests.unit.routers.apps import app

GITOPS = {"kind": "argocd", "repository": "https://git.example.com/platform/delivery.git"}
SSO = {"issuer": "https://login.example.com/realms/staff", "client_id": "argocd"}
SECRET = {"secret": "argocd-sso", "key": "client"}
URL = "https://argocd.example.com"
SERVERS = ("argocd-server", "argocd-repo-server")


def keys(credentials: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    beside = {"credentials": credentials} if credentials else {}
    return {**stack_keys(), "gitops": GITOPS, "platform": {"argocd": options}, **beside}


def objects(credentials: dict[str, Any] | None = None, **options: Any) -> list[Manifest]:
    stack = StackSpec.model_validate(keys(credentials, **options))
    return list(chain.from_iterable(PIECE.stages(stack)))


def messages(root: Path, stack: dict[str, Any]) -> list[str]:
    project = Project(root)
    project.stack(stack)
    project.apps(app())
    found = project.messages() or [str(one) for one in problems(project.load())]
    return [one.removeprefix("stacks/Pulumi.test.yaml: coalmine:") for one in found]


def data(made: Sequence[Manifest], name: str) -> dict[str, str]:
    return dict(only(made, "ConfigMap", name).get("data", {}))


def hidden(made: Sequence[Manifest], name: str) -> dict[str, Hidden]:
    return dict(only(made, "Secret", name)["stringData"])


def running(made: Sequence[Manifest]) -> dict[str, Manifest]:
    return {item["metadata"]["name"]: item for item in made if item["kind"] in ("Deployment", "StatefulSet")}


def container(item: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = item["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("install", [True, False])
def test_it_is_there_where_a_stack_chooses_it_and_wants_it_from_the_platform(install: bool) -> None:
    chosen = StackSpec.model_validate(keys(install=install))
    assert (PIECE in pieces_of(chosen)) == install
    assert PIECE not in pieces_of(StackSpec.model_validate(stack_keys()))


def test_definitions_come_first_and_servers_last() -> None:
    first, between, last = PIECE.stages(StackSpec.model_validate(keys()))
    assert {item["kind"] for item in first} == {"CustomResourceDefinition"}
    assert {item["kind"] for item in last} == {"Deployment", "Service", "StatefulSet"}
    assert {"Secret", "ConfigMap", "AppProject", "NetworkPolicy", "ServiceAccount"} <= {one["kind"] for one in between}


@pytest.mark.parametrize("ha", [False, True])
def test_every_pod_is_admitted_where_it_lives(ha: bool) -> None:
    assert PIECE.namespaces(StackSpec.model_validate(keys(ha=ha))) == {
        NAMESPACE: {"pod-security.kubernetes.io/enforce": "restricted"}
    }
    for name, item in running(objects(ha=ha)).items():
        assert level(item["spec"]["template"]["spec"]) == "restricted", f"{name} would get no pod"
        assert item["metadata"]["namespace"] == NAMESPACE


@pytest.mark.parametrize("ha", [False, True])
def test_nothing_makes_a_password_that_the_state_does_not_know(ha: bool) -> None:
    """Argo CD generates what is missing, in Secrets of its own."""
    made = objects(ha=ha)
    assert hidden(made, "argocd-redis") == {"auth": Password("redis")}
    assert hidden(made, "argocd-secret") == {
        "admin.password": Password("admin", hashed=True),
        "server.secretkey": Password("session-key"),
    }
    assert hidden(made, "argocd-admin") == {"password": Password("admin")}
    for name, item in running(made).items():
        started = [one["name"] for one in item["spec"]["template"]["spec"].get("initContainers", [])]
        assert "secret-init" not in started, f"{name} makes the password of Redis"
    for item in made:
        if item["kind"] == "Role" and "redis" in item["metadata"]["name"]:
            assert not [rule for rule in item["rules"] if "secrets" in rule["resources"]], item["metadata"]["name"]


def test_another_rotation_makes_all_of_them_anew_and_starts_the_pods_with_them() -> None:
    first, second = objects(), objects(rotation=2)
    for name in ("argocd-redis", "argocd-secret", "argocd-admin"):
        assert {text.rotation for text in hidden(second, name).values() if isinstance(text, Password)} == {2}
    for name, item in running(first).items():
        assert item["spec"]["template"] != running(second)[name]["spec"]["template"], f"{name} would keep the old ones"


def test_a_setting_that_is_read_at_the_start_starts_the_pods_anew_and_no_other_does() -> None:
    before, slower, elsewhere = (
        {name: item["spec"]["template"] for name, item in running(objects(**options)).items()}
        for options in ({}, {"interval": "5m"}, {"url": URL})
    )
    assert all(before[name] != slower[name] for name in before)
    assert before == elsewhere, "Argo CD follows this one while it runs"


def test_high_availability_is_upstreams_with_two_of_each_server() -> None:
    made = running(objects(ha=True))
    assert made["argocd-redis-ha-server"]["spec"]["replicas"] == 3
    assert {name: made[name]["spec"]["replicas"] for name in SERVERS} == dict.fromkeys(SERVERS, 2)
    assert "argocd-redis" not in made
    assert data(objects(ha=True), "argocd-cmd-params-cm")["redis.server"] == "argocd-redis-ha-haproxy:6379"


def test_sizes_reach_the_pods() -> None:
    large = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}
    server = {"replicas": 3, "resources": large}
    made = running(objects(server=server, repo_server={"replicas": 4}, controller={"resources": large}))
    assert [made[name]["spec"]["replicas"] for name in SERVERS] == [3, 4]
    assert container(made["argocd-server"])["resources"] == large
    assert container(made["argocd-application-controller"])["resources"] == large
    variables = {one["name"]: one.get("value") for one in container(made["argocd-server"])["env"]}
    assert variables["ARGOCD_API_SERVER_REPLICAS"] == "3", "each pod would allow as many log-ins as all may"


@pytest.mark.parametrize(
    ("option", "part"), [("application_sets", "argocd-applicationset"), ("notifications", "argocd-notifications")]
)
def test_a_controller_that_is_not_wanted_leaves_nothing(option: str, part: str) -> None:
    assert f"{part}-controller" in running(objects())
    left = [item["metadata"]["name"] for item in objects(**{option: False})]
    assert not [name for name in left if name.startswith(part)]


@pytest.mark.parametrize("source", [ARGO_CD_INSTALL, ARGO_CD_HA_INSTALL])
def test_the_table_of_images_is_what_the_release_was_made_with(source: Source) -> None:
    """A newer Argo CD may want a newer Redis."""
    for name, item in running(read(locate(source) / source.paths[0], source.sha256)).items():
        pod = item["spec"]["template"]["spec"]
        for repository, tag in (split(one["image"]) for one in [*pod["containers"], *pod.get("initContainers", [])]):
            assert "dex" in repository or images()[repository] == tag, f"{name} is made with {repository}:{tag}"


def test_dex_is_left_out() -> None:
    assert not [item for item in objects() if "dex" in item["metadata"]["name"]]


def test_nobody_gets_in_who_has_not_signed_in_and_nobody_gets_a_shell() -> None:
    config = data(objects(), "argocd-cm")
    assert (config["users.anonymous.enabled"], config["exec.enabled"], config["admin.enabled"]) == (
        "false",
        "false",
        "true",
    )
    assert "policy.default" not in data(objects(), "argocd-rbac-cm")


def test_the_default_project_allows_nothing() -> None:
    spec = only(objects(), "AppProject", "default")["spec"]
    assert (spec["sourceRepos"], spec["destinations"]) == ([], [])
    assert "clusterResourceWhitelist" not in spec


def test_upstreams_settings_stay() -> None:
    assert "resource.exclusions" in data(objects(), "argocd-cm")


@pytest.mark.parametrize(("interval", "asked", "spread"), [("2m", "120s", "60s"), ("1500ms", "2s", "1s")])
def test_git_is_asked_as_often_as_the_stack_says(interval: str, asked: str, spread: str) -> None:
    config = data(objects(interval=interval), "argocd-cm")
    assert (config["timeout.reconciliation"], config["timeout.reconciliation.jitter"]) == (asked, spread)


def test_a_server_behind_an_ingress_that_encrypts_need_not() -> None:
    assert "data" not in only(objects(), "ConfigMap", "argocd-cmd-params-cm")
    assert data(objects(tls=False), "argocd-cmd-params-cm") == {"server.insecure": "true"}


def test_with_a_sign_on_there_is_no_admin() -> None:
    made = objects(url=URL, sso={**SSO, "client_secret": SECRET, "name": "Staff"})
    config = data(made, "argocd-cm")
    assert (config["url"], config["admin.enabled"]) == (URL, "false")
    assert yaml.safe_load(config["oidc.config"]) == {
        "name": "Staff",
        "issuer": SSO["issuer"],
        "clientID": "argocd",
        "clientSecret": "$argocd-sso:client",
        "requestedScopes": ["openid", "profile", "email", "groups"],
    }
    assert hidden(made, "argocd-secret") == {"server.secretkey": Password("session-key")}
    assert "argocd-admin" not in [item["metadata"]["name"] for item in made]


def test_the_client_secret_may_be_the_stacks_own() -> None:
    given = SecretText("hunter2")
    made = objects({"sso": {"client-secret": given}}, url=URL, sso={**SSO, "scopes": ["openid", "roles"]})
    assert hidden(made, "argocd-secret")["oidc.clientSecret"] is given
    config = yaml.safe_load(data(made, "argocd-cm")["oidc.config"])
    assert (config["clientSecret"], config["requestedScopes"]) == ("$oidc.clientSecret", ["openid", "roles"])
    assert "hunter2" not in repr(made)


def test_groups_get_their_roles() -> None:
    roles = {
        "admin": {"groups": ["platform"]},
        "shop": {"groups": ["team-shop", "on call"], "allow": ["applications, sync, shop/*", "logs,get,shop/*,deny"]},
    }
    sso = {**SSO, "client_secret": SECRET, "groups_claim": "https://example.com/groups"}
    made = objects(url=URL, sso=sso, access={"everyone": "readonly", "roles": roles})
    rights = data(made, "argocd-rbac-cm")
    assert rights["policy.default"] == "role:readonly"
    assert yaml.safe_load(rights["scopes"]) == ["https://example.com/groups"]
    assert rights["policy.csv"].splitlines() == [
        "g, platform, role:admin",
        "p, role:shop, applications, sync, shop/*, allow",
        "p, role:shop, logs, get, shop/*, deny",
        "g, team-shop, role:shop",
        "g, on call, role:shop",
    ]


SIGNED_ON = {"url": URL, "sso": {**SSO, "client_secret": SECRET}}
ARGOCD = "platform.argocd"


@pytest.mark.parametrize(
    ("options", "path", "said"),
    [
        ({"sso": {**SSO, "client_secret": SECRET}}, f"{ARGOCD}.url", "is missing: 'sso' sends people back there"),
        ({"url": URL, "sso": SSO}, f"{ARGOCD}.sso", "'client_secret' is missing: name a Secret, or run `pulumi config"),
        ({"url": "http://argocd.example.com"}, f"{ARGOCD}.url", "write it like 'https://argocd.example.com'"),
        (
            {"url": URL, "sso": {**SSO, "client_secret": SECRET, "scopes": ["groups"]}},
            f"{ARGOCD}.sso.scopes",
            "lacks 'openid'",
        ),
        ({"access": {"everyone": "readonly"}}, f"{ARGOCD}.access.everyone", "without 'sso' there is only 'admin'"),
        (
            {"access": {"roles": {"admin": {"groups": ["platform"]}}}},
            f"{ARGOCD}.access.roles.admin.groups",
            "without 'sso' there are no groups",
        ),
        (
            {**SIGNED_ON, "access": {"everyone": "reader"}},
            f"{ARGOCD}.access.everyone",
            "no such role (known: admin, readonly)",
        ),
        (
            {**SIGNED_ON, "access": {"roles": {"shop": {"groups": ["shop"]}}}},
            f"{ARGOCD}.access.roles.shop.allow",
            "the role may do nothing",
        ),
        (
            {**SIGNED_ON, "access": {"roles": {"shop": {"allow": ["applications, get, shop/*"]}}}},
            f"{ARGOCD}.access.roles.shop.groups",
            "nobody has the role",
        ),
        (
            {**SIGNED_ON, "access": {"roles": {"shop": {"groups": ["shop"], "allow": ["applications, get"]}}}},
            f"{ARGOCD}.access.roles.shop.allow[0]",
            "write resource, action and object, like 'applications, sync, shop/*'",
        ),
        ({"interval": "0s"}, f"{ARGOCD}.interval", ""),
        ({"rotation": 0}, f"{ARGOCD}.rotation", "0 is too small: at least 1"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(
    options: dict[str, Any], path: str, said: str, tmp_path: Path
) -> None:
    found = messages(tmp_path, keys(**options))
    assert [one for one in found if one.startswith(f"{path}: ") and said in one], found


@pytest.mark.parametrize(
    ("credentials", "options", "said"),
    [
        ({"sso": {"client-secret": {"secure": "v1:x"}}}, {}, "credentials.sso: nobody signs on with it"),
        ({"sso": {"client-secret": {"secure": "v1:x"}}}, SIGNED_ON, "credentials.sso: 'platform.argocd.sso' names"),
        (
            {"sso": {"token": {"secure": "v1:x"}, "client-secret": {"secure": "v1:x"}}},
            {"url": URL, "sso": SSO},
            "credentials.sso.token: the sign-on has no such credential (known: client-secret)",
        ),
    ],
)
def test_a_secret_of_the_sign_on_that_nothing_uses_is_refused(
    credentials: dict[str, Any], options: dict[str, Any], said: str, tmp_path: Path
) -> None:
    assert [one for one in messages(tmp_path, keys(credentials, **options)) if one.startswith(said)]


def test_options_without_the_engine_are_refused(tmp_path: Path) -> None:
    stack = {**stack_keys(), "platform": {"argocd": {"ha": True}}}
    said = "platform.argocd: nothing installs Argo CD: choose it in 'gitops', or leave its options out"
    assert messages(tmp_path, stack) == [said]


def test_another_namespace_is_refused_unless_argo_cd_is_there_already(tmp_path: Path) -> None:
    elsewhere = {**keys(), "gitops": {**GITOPS, "namespace": "delivery"}}
    said = "gitops.namespace: the platform installs Argo CD in 'argocd': leave it out, or set platform.argocd.install"
    assert [one for one in messages(tmp_path / "a", elsewhere) if one.startswith(said)]
    assert messages(tmp_path / "b", {**elsewhere, "platform": {"argocd": {"install": False}}}) == []
