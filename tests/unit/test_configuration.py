"""Configuration is part of a version: what changes it is a release, and old pods keep what they were started with."""

from pathlib import Path
from typing import Any

import pytest

from components.compile import Compiled
from tests.contract.variations import all_apps
from tests.specs import REMOVED, app_messages, changed, compiled_app, only, stack_keys

PRICES, STOCK = all_apps("configuration")
BOTH = pytest.mark.parametrize("app", [PRICES, STOCK], ids=["short form on Argo Rollouts", "template on Flagger"])


def compiled(root: Path, app: dict[str, Any]) -> Compiled:
    stack = stack_keys()
    stack["delivery"]["other_engines"] = ["flagger"]
    return compiled_app(root, app, stack)


def config_maps(made: Compiled) -> dict[str, dict[str, str]]:
    return {one["metadata"]["name"]: one["data"] for one in made.manifests if one["kind"] == "ConfigMap"}


def names_in(data: Any) -> set[str]:
    """Every text in a manifest."""
    if isinstance(data, dict):
        return set().union(*map(names_in, data.values())) if data else set()
    if isinstance(data, list):
        return set().union(*map(names_in, data)) if data else set()
    return {data} if isinstance(data, str) else set()


def pods_of(made: Compiled) -> dict[str, Any]:
    return dict(next(one["spec"]["template"] for one in made.manifests if "template" in one.get("spec", {})))


@BOTH
def test_pods_read_the_configmaps_that_were_made_for_them(tmp_path: Path, app: dict[str, Any]) -> None:
    made = compiled(tmp_path, app)
    assert len(config_maps(made)) == len(app["workload"]["config"])
    assert config_maps(made).keys() <= names_in(pods_of(made)["spec"])


@BOTH
def test_another_text_is_a_new_version_and_leaves_the_old_object_alone(tmp_path: Path, app: dict[str, Any]) -> None:
    [key] = app["workload"]["config"]["settings"]
    before = compiled(tmp_path, app)
    after = compiled(tmp_path, changed(app, "workload", "config", "settings", key, to="changed"))
    assert before.plan.revision != after.plan.revision, "no release begins"
    old, new = config_maps(before), config_maps(after)
    assert not [name for name in old.keys() & new.keys() if old[name] != new[name]], "old pods would read the new text"
    assert {"changed"} in [set(data.values()) for data in new.values()]


@BOTH
def test_another_version_of_a_secret_is_a_new_version(tmp_path: Path, app: dict[str, Any]) -> None:
    [(name, version)] = app["workload"]["secret_versions"].items()
    before = compiled(tmp_path, app)
    after = compiled(tmp_path, changed(app, "workload", "secret_versions", name, to="next"))
    assert f"{name}-{version}" in names_in(pods_of(before)["spec"])
    assert f"{name}-next" in names_in(pods_of(after)["spec"])
    assert name not in names_in(pods_of(after)["spec"])
    assert before.plan.revision != after.plan.revision, "no release begins"


@BOTH
def test_the_same_text_releases_nothing(tmp_path: Path, app: dict[str, Any]) -> None:
    labels = compiled(tmp_path, {**app, "labels": {"example.com/tier": "backend"}})
    reordered = dict(reversed(app["workload"]["config"].items()))
    again = compiled(tmp_path, changed(app, "workload", "config", to=reordered))
    assert compiled(tmp_path, app).plan.revision == labels.plan.revision == again.plan.revision


@BOTH
def test_old_configmaps_stay_as_they_are_for_the_pods_that_a_release_goes_back_to(
    tmp_path: Path, app: dict[str, Any]
) -> None:
    for one in compiled(tmp_path, app).manifests:
        if one["kind"] == "ConfigMap":
            kept = one["metadata"]["annotations"]
            assert one["immutable"] is True
            assert kept["argocd.argoproj.io/sync-options"] == "Prune=false"
            assert kept["kustomize.toolkit.fluxcd.io/prune"] == "disabled"


def test_flaggers_stable_pods_read_the_same_object_instead_of_a_copy(tmp_path: Path) -> None:
    """Flagger would write a copy under one more name for every version, and nobody would delete it."""
    settings = only(compiled(tmp_path, STOCK).manifests, "ConfigMap")
    assert settings["metadata"]["annotations"]["flagger.app/config-tracking"] == "disabled"


def test_a_name_that_is_not_declared_is_somebody_elses(tmp_path: Path) -> None:
    volumes = [*PRICES["workload"]["volumes"], {"name": "shared", "mount": "/etc/shared", "config": "shared"}]
    assert "shared" in names_in(pods_of(compiled(tmp_path, changed(PRICES, "workload", "volumes", to=volumes)))["spec"])


SETTINGS = ("workload", "config", "settings")
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "configuration that nobody reads": (
        changed(PRICES, "workload", "volumes", to=[]),
        ["workload.config.settings: is read by no container: name it in env, env_from or volumes"],
    ),
    "a secret's version that nobody reads": (
        changed(PRICES, "workload", "env", to={}),
        ["workload.secret_versions.prices-database: is read by no container: name it in env, env_from or volumes"],
    ),
    "a key that is not there": (
        changed(PRICES, "workload", "env", "LEVEL", to={"config": "variables", "key": "LOG_LEVLE"}),
        ["workload.env.LEVEL.key: 'variables' has no key 'LOG_LEVLE' (did you mean 'LOG_LEVEL'?)"],
    ),
    "a file that is not there": (
        changed(PRICES, "workload", "volumes", 0, "sub_path", to="price.yaml"),
        ["workload.volumes[0].sub_path: 'settings' has no key 'price.yaml' (did you mean 'prices.yaml'?)"],
    ),
    "a private key that everyone could read": (
        changed(PRICES, *SETTINGS, "key.pem", to=KEY),
        [
            "workload.config.settings.key.pem: holds a private key, which everyone could read: keep it in a Secret, "
            "and name that here as 'secret'"
        ],
    ),
    "no file at all": (changed(PRICES, *SETTINGS, to={}), ["workload.config.settings: must not be empty"]),
    "a path as a key": (
        changed(PRICES, *SETTINGS, to={"etc/prices.yaml": "a"}),
        [
            "workload.config.settings.etc/prices.yaml: 'etc/prices.yaml' is not a key of a ConfigMap: "
            "use letters, digits, '-', '_' and '.'"
        ],
    ),
    "a number as text": (
        changed(PRICES, "workload", "config", "variables", "CACHE_SECONDS", to=30),
        ["workload.config.variables.CACHE_SECONDS: must be text, not 30 (write it in quotes)"],
    ),
    "a number as a version": (
        changed(PRICES, "workload", "secret_versions", "prices-database", to=7),
        [
            "workload.secret_versions.prices-database: 7 is not the version of a Secret: "
            "text of lower-case letters, digits and '-', like \"7\""
        ],
    ),
    "a version that makes the name too long": (
        changed(
            changed(PRICES, "workload", "secret_versions", to={"a" * 63 + ".b" * 90: "7" * 60}),
            *("workload", "env"),
            to={"A": {"secret": "a" * 63 + ".b" * 90, "key": "k"}},
        ),
        [f"workload.secret_versions.{'a' * 63 + '.b' * 90}: makes a name of more than 253 characters"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    app, messages = MISTAKES[name]
    assert app_messages(tmp_path, app) == messages


def test_configuration_is_read_in_templates_wherever_kubernetes_reads_it(tmp_path: Path) -> None:
    container = STOCK["workload"]["pod_template"]["spec"]["containers"][0]
    for place, value in {
        "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "stock.ini"}}}],
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "stock-keys"}}],
    }.items():
        pod = {"containers": [{**container, "volumeMounts": [], place: value}]}
        app = changed(STOCK, "workload", "pod_template", to={"spec": pod})
        if place == "env":
            app = changed(app, "workload", "secret_versions", to=REMOVED)
        made = compiled(tmp_path, app)
        assert config_maps(made).keys() <= names_in(pods_of(made)["spec"]), place
        assert "settings" not in names_in(pods_of(made)["spec"]), place
