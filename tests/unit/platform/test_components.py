"""The wiring of the Platform and App components: parents, order, options, names that never change."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pulumi
import pytest

from components.adoption import Reference
from components.app import App, changed_engine
from components.manifests.meta import Manifest
from components.platform import component, namespaces
from components.platform.component import Platform
from components.platform.piece import Piece
from components.platform.sources import SourceError
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec, StackSpec
from components.spec.load import LoadedStack
from tests.specs import Project, changed, example_app, stack_keys

from .registrations import Registration, registered


@pytest.fixture
def loaded(tmp_path: Path) -> LoadedStack:
    """A stack with one app in a namespace of its own."""
    project = Project(tmp_path)
    project.apps(example_app())
    return project.load()


def small(kind: str, name: str, **body: object) -> Manifest:
    """An object without content."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **body}


def piece(name: str, stages: Callable[[StackSpec], list[list[Manifest]]]) -> Piece:
    """A piece that is always installed."""
    return Piece(
        name=name,
        token=f"coalmine:index:{name.capitalize()}",
        serves=("router", "istio"),
        namespaces=lambda _stack: {f"{name}-system": {"level": "restricted"}},
        stages=stages,
    )


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> list[Piece]:
    """Two small pieces in place of the real ones, which need upstream files and helm."""
    objects = [[small("CustomResourceDefinition", "things")], [small("ConfigMap", "settings")]]
    made = [piece("mesh", lambda _stack: objects), piece("meter", lambda _stack: [[small("Secret", "key")]])]
    for module in (component, namespaces):
        monkeypatch.setattr(module, "pieces_of", lambda _stack: iter(made))
    return made


def built(loaded: LoadedStack) -> dict[str, Registration]:
    """The platform and the app, as the program builds them."""

    def program() -> None:
        specs = [app.spec for app in loaded.apps]
        platform = Platform("platform", loaded.spec, specs)
        for spec in specs:
            App(spec.name, spec, loaded.spec.delivery, pulumi.ResourceOptions(depends_on=[platform]))

    return registered(program)


def ending(found: dict[str, Registration], end: str) -> Registration:
    """The one registration whose URN ends so."""
    matching = [one for urn, one in found.items() if urn.endswith(end)]
    assert len(matching) == 1, f"{len(matching)} resources end in {end}: {sorted(found)}"
    return matching[0]


def test_namespaces_come_before_every_piece_and_the_pieces_before_every_app(
    loaded: LoadedStack, pieces: list[Piece]
) -> None:
    found = built(loaded)
    namespace = ending(found, "::namespaces/Namespace/mesh-system").urn
    definition = ending(found, "::mesh/CustomResourceDefinition/things")
    settings = ending(found, "::mesh/ConfigMap/settings")
    assert namespace in ending(found, "Mesh::mesh").depends_on
    assert settings.depends_on >= {definition.urn}
    for one in found.values():
        if one.type == "coalmine:index:App":
            assert one.depends_on >= {namespace, definition.urn, settings.urn}, f"{one.urn} may come too early"


def test_every_namespace_of_pieces_and_apps_is_made_once(loaded: LoadedStack, pieces: list[Piece]) -> None:
    names = [one.inputs["metadata"]["name"] for one in built(loaded).values() if one.kind == "Namespace"]
    assert sorted(names) == sorted({"mesh-system", "meter-system", loaded.apps[0].spec.namespace})


def test_a_namespace_of_apps_is_restricted_part_of_the_mesh_and_scraped(
    loaded: LoadedStack, pieces: list[Piece]
) -> None:
    namespace = ending(built(loaded), f"Namespace/{loaded.apps[0].spec.namespace}")
    labels = namespace.inputs["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["istio-injection"] == "enabled"
    assert labels["coalmine.dev/apps"] == "true"


def test_urns_stay_what_they_are(loaded: LoadedStack, pieces: list[Piece]) -> None:
    """A changed URN deletes and makes the object anew; a rename needs an alias, and then a new line here."""
    name = loaded.apps[0].spec.name
    app = "coalmine:index:App$kubernetes"
    platform = "coalmine:index:Platform"
    expected = {
        f"{platform}::platform",
        f"{platform}$coalmine:index:Namespaces::namespaces",
        f"{platform}$coalmine:index:Mesh::mesh",
        f"{platform}$coalmine:index:Meter::meter",
        f"coalmine:index:App::{name}",
        f"{app}:core/v1:ServiceAccount::{name}/ServiceAccount/{name}",
        f"{app}:core/v1:Service::{name}/Service/{name}-stable",
        f"{app}:core/v1:Service::{name}/Service/{name}-canary",
        f"{app}:networking.istio.io/v1:Gateway::{name}/Gateway/{name}",
        f"{app}:networking.istio.io/v1:VirtualService::{name}/VirtualService/{name}",
        f"{app}:networking.istio.io/v1:VirtualService::{name}/VirtualService/{name}-split",
        f"{app}:argoproj.io/v1alpha1:AnalysisTemplate::{name}/AnalysisTemplate/{name}",
        f"{app}:argoproj.io/v1alpha1:Rollout::{name}/Rollout/{name}",
        f"{app}:policy/v1:PodDisruptionBudget::{name}/PodDisruptionBudget/{name}",
    }
    # The mocks name the parent's type only; the real URN holds the whole chain.
    found = {urn for urn in built(loaded) if "Namespaces$" not in urn and "Mesh$" not in urn and "Meter$" not in urn}
    assert found == expected


def test_what_the_engine_rewrites_is_left_to_it(loaded: LoadedStack, pieces: list[Piece]) -> None:
    found = built(loaded)
    name = loaded.apps[0].spec.name
    assert ending(found, f"VirtualService/{name}-split").ignored == ("spec.http",)
    assert ending(found, f"Service/{name}-canary").ignored == ("spec.selector",)
    assert ending(found, f"VirtualService/{name}").ignored == ()


def test_the_rollout_comes_after_what_it_refers_to_and_is_not_awaited(loaded: LoadedStack, pieces: list[Piece]) -> None:
    found = built(loaded)
    name = loaded.apps[0].spec.name
    rollout = ending(found, f"Rollout/{name}")
    for end in (f"Service/{name}-canary", f"VirtualService/{name}-split", f"AnalysisTemplate/{name}"):
        assert ending(found, end).urn in rollout.depends_on, f"the Rollout may come before {end}"
    assert rollout.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
    assert rollout.urn in ending(found, f"PodDisruptionBudget/{name}").depends_on


@pytest.mark.parametrize("router", ["alb", "nginx"])
def test_an_ingress_is_not_awaited_because_the_pods_behind_it_come_later(
    tmp_path: Path, pieces: list[Piece], router: str
) -> None:
    project = Project(tmp_path)
    project.stack(changed(stack_keys(), "delivery", "router", to=router))
    project.apps(example_app())
    loaded = project.load()
    found = built(loaded)
    ingress = ending(found, f"Ingress/{loaded.apps[0].spec.name}")
    assert ingress.urn in ending(found, f"Rollout/{loaded.apps[0].spec.name}").depends_on
    assert ingress.inputs["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"


def test_every_object_of_an_app_belongs_to_the_stack(loaded: LoadedStack, pieces: list[Piece]) -> None:
    for one in built(loaded).values():
        if one.type.startswith("kubernetes:"):
            assert one.inputs["metadata"]["labels"]["coalmine.dev/stack"] == "shopfront.dev", one.urn


def test_protection_covers_namespaces_and_only_on_demand(tmp_path: Path, pieces: list[Piece]) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    project.stack({**stack_keys(), "platform": {"protect": True}})
    protected = {one.kind for one in built(project.load()).values() if one.protected}
    assert protected == {"Namespace"}


def test_a_piece_whose_release_is_missing_is_one_line_and_registers_nothing(
    loaded: LoadedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_stack: StackSpec) -> list[list[Manifest]]:
        raise SourceError("it is not there: get it")

    monkeypatch.setattr(component, "pieces_of", lambda _stack: iter([piece("mesh", fails)]))
    with pytest.raises(pulumi.RunError) as raised:
        registered(lambda: Platform("platform", loaded.spec, []))
    assert str(raised.value) == "mesh: it is not there: get it"


def test_everything_that_a_mirror_lacks_is_told_at_once_with_its_key(
    loaded: LoadedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_stack: StackSpec) -> list[list[Manifest]]:
        raise SourceError("it is not there: put it there", "platform.mirror.files")

    monkeypatch.setattr(component, "pieces_of", lambda _stack: iter([piece("mesh", fails), piece("meter", fails)]))
    with pytest.raises(pulumi.RunError) as raised:
        registered(lambda: Platform("platform", loaded.spec, []))
    place = f"stacks/Pulumi.{pulumi.get_stack()}.yaml: coalmine:platform.mirror.files"
    assert str(raised.value).splitlines() == [
        f"{place}: {name}: it is not there: put it there" for name in ("mesh", "meter")
    ]


def test_an_app_that_the_cluster_cannot_release_is_refused_without_a_traceback(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.apps(example_app())
    app = project.load().apps[0].spec
    rarely = changed(stack_keys(), "delivery", "metrics", to={"kind": "prometheus", "scrape_interval": "10m"})
    delivery = StackSpec.model_validate(rarely).delivery
    with pytest.raises(pulumi.RunError, match="too short for a scrape interval of 10m"):
        registered(lambda: App(app.name, app, delivery))


def test_old_configuration_outlives_the_version_that_a_release_replaces(tmp_path: Path) -> None:
    """A release may go back to pods that read it, after this program knows of it no more."""
    project = Project(tmp_path)
    project.apps(example_app("configuration"))
    [app] = project.load().apps
    made = registered(lambda: App(app.spec.name, app.spec, project.load().spec.delivery))
    retained = [name for name, one in made.items() if one.retained]
    assert [name for name in made if "ConfigMap" in name] == retained != []


@pytest.mark.parametrize(
    ("now", "asked", "live"),
    [("flagger", "argo-rollouts", "Canary shop/shop"), ("argo-rollouts", "flagger", "Rollout shop/shop")],
)
def test_another_engine_for_a_live_app_is_refused_before_anything_is_made(
    loaded: LoadedStack, monkeypatch: pytest.MonkeyPatch, now: str, asked: str, live: str
) -> None:
    """Pulumi would make the new objects beside the old ones, and then take the old pods away."""
    app = AppSpec.model_validate(changed(example_app(), "delivery", "engine", to=asked))
    delivery = DeliverySpec.model_validate({**stack_keys()["delivery"], "other_engines": ["flagger"]})
    guard = SimpleNamespace(has=lambda one: str(one) == live, is_new=lambda _namespace: False)
    monkeypatch.setattr("components.app.guard_of", lambda _app: guard)
    with pytest.raises(pulumi.RunError) as raised:
        registered(lambda: App(app.name, app, delivery))
    assert str(raised.value).startswith(
        f"app 'shop': delivery.engine is '{asked}', but '{now}' releases it now ({live}), and the engine of a live app "
        "cannot be changed in place: "
    )
    assert f"or set engine '{now}' again" in str(raised.value)


def test_the_engine_that_releases_an_app_may_go_on(loaded: LoadedStack) -> None:
    app = loaded.apps[0].spec
    asked: list[str] = []

    def has(reference: Reference) -> bool:
        asked.append(str(reference))
        return reference.kind == "Rollout"

    assert changed_engine(app, loaded.spec.delivery, has) is None
    assert asked == ["Rollout shop/shop"], "the other engines are loaded to ask for theirs"


def test_what_to_type_is_an_output_of_the_platform(loaded: LoadedStack, pieces: list[Piece]) -> None:
    said: list[dict[str, dict[str, str]]] = []
    registered(lambda: Platform("platform", loaded.spec, []).commands.apply(said.append))
    [commands] = said
    assert commands["apps"]["approve"] == "coalmine approve --stack dev APP"


def test_the_command_that_follows_a_release_is_an_output(loaded: LoadedStack) -> None:
    app = loaded.apps[0].spec
    said: list[str] = []
    registered(lambda: App(app.name, app, loaded.spec.delivery).watch.apply(said.append))
    assert said == [f"coalmine watch --stack dev {app.name}"]
