"""What every GitOps engine is told of every app: all that controllers own is left to them, in every phase."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from components.contracts import OwnedField
from components.git_tree import ByGit
from components.manifests.meta import Manifest
from components.plan import Plan
from components.platform.git_sources import git_orders, git_sources
from components.spec.cluster import StackSpec
from components.spec.registry import variants
from components.through_git import PHASE_ANNOTATION, Delivered, GitOps, Phase

from .definitions import mistakes
from .platform_stacks import stack
from .test_ownership import BOTH, all_objects, compiled, hit_by, matches_argo_cd, matches_flux
from .variants import Combination, example_of

ENGINES = list(variants("gitops"))
PHASES: tuple[Phase, ...] = get_args(Phase)


def by_git(kind: str, combination: Combination) -> ByGit:
    stack = StackSpec.model_validate(
        {
            "cluster": {"name": "test", "kubernetes": "1.36"},
            "delivery": combination.delivery,
            "gitops": example_of(variants("gitops")[kind]),
            "apps": {"via": "gitops"},
        }
    )
    found = ByGit.of(stack)
    assert found is not None
    return found


def orders() -> Iterator[tuple[Combination, Plan, GitOps, Delivered]]:
    for combination, plan in BOTH:
        made = compiled(combination, plan.app)
        for kind in ENGINES:
            given = by_git(kind, combination)
            yield combination, plan, given.engine, given.delivered(made, combination.delivery)


def ignored_by(order: Manifest, made: Any) -> set[OwnedField]:
    """The fields that the engine leaves alone, whichever it is."""
    spec = order["spec"]
    if order["kind"] == "Application":
        return hit_by(made, matches_argo_cd, "jsonPointers", spec.get("ignoreDifferences", []))
    return hit_by(made, matches_flux, "paths", spec.get("ignore", []))


def test_every_engine_leaves_alone_just_what_controllers_own_in_every_app() -> None:
    seen = set()
    for combination, plan, engine, app in orders():
        made = compiled(combination, plan.app)
        assert all_objects(made)
        found = ignored_by(engine.delivery(app, "delivering"), made)
        assert found == set(made.ownership.fields), f"{engine.kind}: {combination}: {plan.name}"
        seen |= {(engine.kind, field.kind) for field in found}
    assert {kind for kind, _ in seen} == set(ENGINES), "an engine for which no field was ignored proves nothing"


def test_argo_cd_leaves_them_alone_in_a_sync_too_and_applies_on_the_server() -> None:
    for _, _, engine, app in orders():
        if engine.kind == "argocd":
            options = engine.delivery(app, "delivering")["spec"]["syncPolicy"]["syncOptions"]
            assert options == ["ServerSideApply=true", "RespectIgnoreDifferences=true"]


@pytest.mark.parametrize("kind", ENGINES)
def test_an_order_has_one_name_and_place_in_every_phase_and_says_which(kind: str) -> None:
    for _, _, engine, app in orders():
        if engine.kind == kind:
            made = {phase: engine.delivery(app, phase) for phase in PHASES}
            places = {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]) for one in made.values()}
            assert len(places) == 1
            said = {phase: one["metadata"]["annotations"][PHASE_ANNOTATION] for phase, one in made.items()}
            assert said == dict(zip(PHASES, PHASES, strict=True))
            return
    raise LookupError(kind)


@pytest.mark.parametrize("phase", PHASES)
def test_only_while_it_is_delivering_does_an_engine_change_or_delete_anything(phase: Phase) -> None:
    for _, _, engine, app in orders():
        order = engine.delivery(app, phase)
        if engine.kind == "argocd":
            acts = "automated" in order["spec"]["syncPolicy"]
            deletes = "finalizers" in order["metadata"]
        else:
            acts = not order["spec"].get("suspend", False)
            deletes = order["spec"].get("deletionPolicy", "MirrorPrune") != "Orphan"
        assert acts == deletes == (phase == "delivering"), f"{engine.kind}: {phase}"


def test_flux_may_do_what_the_app_needs_in_its_namespace_and_no_more() -> None:
    for _, plan, engine, app in orders():
        if engine.kind != "flux":
            continue
        account, role, binding = engine.accounts(app)
        order = engine.delivery(app, "delivering")
        assert order["spec"]["serviceAccountName"] == account["metadata"]["name"]
        assert binding["subjects"] == [
            {
                "kind": "ServiceAccount",
                "name": account["metadata"]["name"],
                "namespace": account["metadata"]["namespace"],
            }
        ]
        assert {role["metadata"]["namespace"], binding["metadata"]["namespace"]} == {plan.namespace}
        assert not [rule for rule in role["rules"] if "*" in (*rule["resources"], *rule["verbs"], *rule["apiGroups"])]
        groups = {group for rule in role["rules"] for group in rule["apiGroups"]}
        assert {one["apiVersion"].rpartition("/")[0] for one in app.objects} <= groups


def test_flux_sees_how_every_engines_release_goes() -> None:
    seen = set()
    for _, _, engine, app in orders():
        if engine.kind == "flux":
            spec = engine.delivery(app, "delivering")["spec"]
            [release], [words] = spec["healthChecks"], spec["healthCheckExprs"]
            assert (release["apiVersion"], release["kind"]) == (words["apiVersion"], words["kind"]) == app.release
            assert words["failed"]
            assert words["current"]
            seen.add(release["kind"])
    assert seen == {vars(engine)["releases"][1] for engine in variants("engine").values()}


def test_argo_cds_projects_allow_the_apps_namespaces_and_the_repository_alone() -> None:
    combination, plan = BOTH[0]
    engine = by_git("argocd", combination).engine
    other = plan.app.model_copy(update={"name": "other", "namespace": "elsewhere"})
    [project] = engine.sources([plan.app, other], {})
    assert project["metadata"]["name"] == plan.app.owner
    assert project["spec"]["sourceRepos"] == [engine.repository]
    assert [one["namespace"] for one in project["spec"]["destinations"]] == sorted([plan.namespace, "elsewhere"])
    assert "clusterResourceWhitelist" not in project["spec"]


def test_flux_opens_what_sops_encrypted_by_the_keys_that_it_is_told_of() -> None:
    combination, plan = BOTH[0]
    given = by_git("flux", combination)
    engine = given.engine.model_copy(update={"sops_secret": "sops-age"})
    app = given.delivered(compiled(combination, plan.app), combination.delivery)
    spec = engine.delivery(app, "delivering")["spec"]
    assert spec["decryption"] == {"provider": "sops", "secretRef": {"name": "sops-age"}}
    assert "decryption" not in given.engine.delivery(app, "delivering")["spec"]


def test_argo_cds_projects_are_brought_when_the_windows_are_open() -> None:
    combination, plan = BOTH[0]
    windows = [
        {"kind": "allow", "schedule": "0 8 * * 1-5", "duration": "9h30m", "timezone": "Europe/Berlin"},
        {"kind": "deny", "schedule": "0 0 24 12 *", "duration": "2d", "manual": True},
    ]
    keys = {**example_of(variants("gitops")["argocd"]), "sync_windows": windows}
    [project] = variants("gitops")["argocd"].model_validate(keys).sources([plan.app], {})  # type: ignore[attr-defined]
    assert project["spec"]["syncWindows"] == [
        {
            "kind": "allow",
            "schedule": "0 8 * * 1-5",
            "duration": "9h30m",
            "timeZone": "Europe/Berlin",
            "applications": ["*"],
        },
        {
            "kind": "deny",
            "schedule": "0 0 24 12 *",
            "duration": "48h",
            "timeZone": "UTC",
            "applications": ["*"],
            "manualSync": True,
        },
    ]
    [unbounded] = by_git("argocd", combination).engine.sources([plan.app], {})
    assert "syncWindows" not in unbounded["spec"]


def test_fluxs_own_definitions_take_all_that_it_is_told() -> None:
    loaded = stack("flux")
    apps = [one.spec for one in loaded.apps]
    made = [*git_sources(loaded.spec, apps), *git_orders(loaded.spec)]
    of_flux = [one for one in made if "toolkit.fluxcd.io" in one["apiVersion"]]
    assert len({one["kind"] for one in of_flux}) == 12
    assert [said for one in of_flux for said in mistakes(one)] == []
