"""What the platform consists of, on every stack of this repository."""

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml

from components import bundles
from components.contracts_of.argo_rollouts import RolloutsRouter
from components.platform import bundle as of_platform
from components.platform import images as pinned
from components.platform import upstream
from components.platform.changes import in_bundle
from components.platform.piece import piece, piece_names, pieces_of, watched_by
from components.platform.pieces import argo_rollouts, prometheus
from components.platform.sources import SourceError
from components.spec.load import LoadedStack
from components.spec.platform import PlatformSpec
from components.spec.registry import VariantModel, kinds, variants
from components.spec.values import Duration
from tests.specs import only

from .platform_stacks import STACKS, Manifest, everything, images, installed, stack

TAGGED = re.compile(r"[a-z0-9][a-z0-9./_-]*(:[0-9]+/[a-z0-9./_-]+)?:[A-Za-z0-9_][A-Za-z0-9._-]*")
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def identity(item: Manifest) -> str:
    """How a message names an object."""
    return f"{item['kind']}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"


@pytest.mark.parametrize("name", STACKS)
def test_no_image_is_untagged_latest_or_from_a_testing_hub(name: str) -> None:
    found = [
        (identity(item), path, image)
        for item in everything(name)
        if item["kind"] != "CustomResourceDefinition"
        for path, image in images(item)
    ]
    assert len(found) >= 5, f"only {len(found)} images in {name}"
    for owner, path, image in found:
        where = f"{owner}{path}: {image}"
        assert TAGGED.fullmatch(image) or DIGEST.fullmatch(image), f"{where} has no tag and no digest"
        assert not image.endswith(":latest"), f"{where} can change"
        assert "testing" not in image, f"{where} is a build for tests"


@pytest.mark.parametrize("name", STACKS)
def test_no_configuration_of_the_mesh_names_a_testing_hub_or_latest_images(name: str) -> None:
    """The injector makes images of `hub` and `tag`, which stand in ConfigMaps as text."""
    for item in everything(name):
        if item["kind"] == "ConfigMap":
            for key, text in item.get("data", {}).items():
                where = f"{identity(item)} {key}"
                assert "registry.istio.io/testing" not in text, f"{where} names the testing hub"
                tags = re.findall(r'"tag":\s*"([^"]*)"', text)
                assert set(tags) <= {pinned.ISTIO_RELEASE, ""}, f"{where} names other tags: {tags}"


def with_bundle(name: str, chosen: str) -> LoadedStack:
    """A stack of this repository with another bundle."""
    loaded = stack(name)
    return LoadedStack(in_bundle(loaded.spec, chosen), loaded.file, loaded.apps)


def of_pieces(loaded: LoadedStack) -> list[Manifest]:
    """What a stack's pieces consist of; the schemas of definitions name no images."""
    found = [item for items in installed(loaded).values() for item in items]
    return [item for item in found if item["kind"] != "CustomResourceDefinition"]


def pairs() -> list[tuple[str, str]]:
    """Every stack with every bundle that has all its pieces; with another one it is refused."""
    has = {chosen: set(of_platform.bundle(chosen).pieces) for chosen in bundles.names()}
    wanted = {name: {piece.name for piece in pieces_of(stack(name).spec)} for name in STACKS}
    return [(name, chosen) for name in STACKS for chosen in has if wanted[name] <= has[chosen]]


@pytest.mark.parametrize(("name", "chosen"), pairs())
def test_every_image_is_the_one_of_the_stacks_bundle(name: str, chosen: str) -> None:
    loaded, of = with_bundle(name, chosen), of_platform.bundle(chosen)
    lacking = [piece.name for piece in pieces_of(loaded.spec) if piece.name not in of.pieces]
    if lacking:
        said = " ".join(map(str, of_platform.problems(loaded)))
        assert all(f"'{chosen}' has no {piece}" in said for piece in lacking), f"nobody refuses {lacking}"
        return
    tags = of.images
    found = {image for item in of_pieces(loaded) for _, image in images(item)}
    assert len(found) >= 4
    strange = [image for image in found if tags.get(pinned.split(image)[0]) != pinned.split(image)[1]]
    assert not strange, f"bundle {chosen} has other versions: {strange}"


@pytest.mark.parametrize("name", STACKS)
def test_nothing_of_the_newest_bundle_is_left_in_another_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece that took its images from the table would install the newest ones whatever the stack says."""
    newest = of_platform.bundle(bundles.NEWEST)
    other = replace(newest, images={repository: f"{tag}-of-another" for repository, tag in newest.images.items()})
    monkeypatch.setattr(of_platform, "bundle", lambda _name: other)
    found = [(identity(item), image) for item in of_pieces(stack(name)) for _, image in images(item)]
    wrong = [one for one in found if not one[1].endswith("-of-another")]
    assert not wrong, f"these take no image from their bundle, as `bundle_of(stack).image(...)` gives it: {wrong}"


@pytest.mark.parametrize("name", piece_names())
def test_a_piece_is_found_by_its_name_and_serves_the_variant_of_that_name(name: str) -> None:
    """Else a stack that needs it would pass it over, for pieces are chosen by their names before they are loaded."""
    found = piece(name)
    assert found.name == name
    if found.serves is None:
        assert not [one for one in ("engine", "router", "metrics", "gitops") if name in kinds(one)]
        return
    family, _ = found.serves
    assert [one for one in ("engine", "router", "metrics", "gitops") if name in kinds(one)] in ([family], [])
    if name in kinds(family):
        assert found.serves == (family, name)
    assert isinstance(getattr(PlatformSpec(), name.replace("-", "_")).install, bool)


@pytest.mark.parametrize("name", STACKS)
def test_rendering_twice_gives_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = installed(stack(name))
    monkeypatch.setattr(upstream, "remembered", lambda _parts, make: make())
    monkeypatch.setattr("components.platform.helm.remembered", lambda _parts, make: make())
    again = installed(stack(name))
    assert repr(first) == repr(again), "what was kept in the cache differs from what is rendered now"


@pytest.mark.parametrize("name", STACKS)
def test_no_two_objects_share_a_place(name: str) -> None:
    seen = [identity(item) for item in everything(name)]
    twice = sorted({one for one in seen if seen.count(one) > 1})
    assert not twice, f"defined twice: {twice}"


@pytest.mark.parametrize("name", STACKS)
def test_every_namespaced_object_lies_in_a_namespace_of_the_stack(name: str) -> None:
    own = {item["metadata"]["name"] for item in everything(name) if item["kind"] == "Namespace"}
    used = {
        identity(item): item["metadata"]["namespace"] for item in everything(name) if "namespace" in item["metadata"]
    }
    strange = {one: namespace for one, namespace in used.items() if namespace not in own}
    assert not strange, f"namespaces that nobody makes: {strange}"


@pytest.mark.parametrize("name", STACKS)
def test_no_hook_and_no_wrong_version_is_left_of_the_charts(name: str) -> None:
    for item in everything(name):
        assert not [key for key in item["metadata"].get("annotations") or {} if key.startswith("helm.sh/hook")]
        labels = item["metadata"].get("labels") or {}
        if labels.get("app.kubernetes.io/part-of") == "istio":
            assert labels["app.kubernetes.io/version"] == pinned.ISTIO_RELEASE, identity(item)


def test_the_gateway_has_the_labels_that_routes_select() -> None:
    for name in STACKS:
        if "istio" not in stack(name).spec.delivery.routers:
            continue
        selector = stack(name).spec.delivery.router.gateway_selector  # type: ignore[attr-defined]
        gateway = only(everything(name), "Deployment", "istio-ingressgateway")
        labels = gateway["spec"]["template"]["metadata"]["labels"]
        assert selector.items() <= labels.items(), f"{name}: {selector} selects no gateway"
        service = only(everything(name), "Service", "istio-ingressgateway")
        assert service["spec"]["selector"].items() <= labels.items()


def test_without_sidecars_no_webhook_stands_in_the_way_of_pods() -> None:
    kinds = {item["kind"] for item in everything("local")}
    assert not kinds & {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "DaemonSet"}
    mesh = yaml.safe_load(only(everything("local"), "ConfigMap", "istio")["data"]["mesh"])
    assert mesh["enableAutoMtls"] is False
    assert mesh["defaultProviders"] == {"metrics": []}


def test_with_sidecars_the_network_is_prepared_without_privileges_of_the_pods() -> None:
    """The `restricted` standard forbids the init container that would do it otherwise."""
    objects = everything("production")
    only(objects, "DaemonSet", "istio-cni-node")
    only(objects, "MutatingWebhookConfiguration", "istio-sidecar-injector")
    values = yaml.safe_load(only(objects, "ConfigMap", "istio-sidecar-injector")["data"]["values"])
    assert values["pilot"]["cni"]["enabled"] is True
    assert values["global"]["proxy"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for item in objects:
        if item["kind"] == "ValidatingWebhookConfiguration":
            policies = {hook["failurePolicy"] for hook in item["webhooks"]}
            assert policies == {"Fail"}, f"istiod would change the policy of {identity(item)} itself"


def test_production_survives_the_loss_of_a_node() -> None:
    objects = everything("production")
    for namespace, name in (("istio-ingress", "istio-ingressgateway"), ("istio-system", "istiod")):
        budgets = [one for one in objects if one["kind"] == "PodDisruptionBudget"]
        assert any(identity(one) == f"PodDisruptionBudget/{namespace}/{name}" for one in budgets), f"{name} has none"
    scaler = next(
        one for one in objects if identity(one) == "HorizontalPodAutoscaler/istio-ingress/istio-ingressgateway"
    )
    assert scaler["spec"]["minReplicas"] >= 3
    assert only(objects, "Deployment", "argo-rollouts")["spec"]["replicas"] == 2
    assert only(objects, "PersistentVolumeClaim", "prometheus")["spec"]["resources"]["requests"]["storage"] == "200Gi"


@pytest.mark.parametrize("router", [one for one in variants("router").values() if issubclass(one, RolloutsRouter)])
def test_the_controller_is_started_with_what_the_router_needs(router: type[VariantModel]) -> None:
    """Else it looks for an old version of the router's objects, and no weight ever moves."""
    spec = stack("production").spec
    chosen = router.model_validate(vars(router)["EXAMPLE"])
    other = spec.model_copy(update={"delivery": spec.delivery.model_copy(update={"router": chosen})})
    *_, running = argo_rollouts.stages(other)
    [container] = only(running, "Deployment", "argo-rollouts")["spec"]["template"]["spec"]["containers"]
    assert container.get("args", []) == list(RolloutsRouter.of(chosen).controller_arguments)


def test_an_autoscaled_deployment_declares_no_replicas() -> None:
    for name in STACKS:
        scaled = {
            (item["metadata"]["namespace"], item["spec"]["scaleTargetRef"]["name"])
            for item in everything(name)
            if item["kind"] == "HorizontalPodAutoscaler"
        }
        for item in everything(name):
            if item["kind"] == "Deployment" and (item["metadata"]["namespace"], item["metadata"]["name"]) in scaled:
                assert "replicas" not in item["spec"], f"{name}: {identity(item)} has two owners of its replicas"


@pytest.mark.parametrize("name", STACKS)
def test_the_scrape_interval_is_the_one_that_analyses_reckon_with(name: str) -> None:
    config = yaml.safe_load(only(everything(name), "ConfigMap", "prometheus")["data"]["prometheus.yml"])
    metrics = stack(name).spec.delivery.metrics
    assert config["global"]["scrape_interval"] == str(metrics.scrape_interval)  # type: ignore[attr-defined]
    assert Duration.parse(config["global"]["scrape_timeout"]) <= metrics.scrape_interval  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", STACKS)
def test_the_server_finds_new_pods_as_soon_as_analyses_reckon_with(name: str) -> None:
    [container] = only(everything(name), "Deployment", "prometheus")["spec"]["template"]["spec"]["containers"]
    option = "--scrape.discovery-reload-interval="
    [reload] = [Duration.parse(one.removeprefix(option)) for one in container["args"] if one.startswith(option)]
    told = Duration.of_seconds(5)
    metrics = stack(name).spec.delivery.metrics
    assert metrics.found == Duration(told.milliseconds + reload.milliseconds)  # type: ignore[attr-defined]


def test_every_pod_is_scraped_by_one_job_at_most() -> None:
    """The jobs divide the pods by one label: what the first keeps, the second drops."""
    apps, annotated = yaml.safe_load(prometheus.configuration(Duration.of_seconds(15)))["scrape_configs"]
    keeps = next(rule for rule in apps["relabel_configs"] if rule["action"] == "keep")
    drops = next(rule for rule in annotated["relabel_configs"] if rule["action"] == "drop")
    assert (keeps["source_labels"], keeps["regex"]) == (drops["source_labels"], drops["regex"])


@pytest.mark.parametrize("name", STACKS)
def test_every_controller_that_is_watched_asks_to_be_scraped_where_it_listens(name: str) -> None:
    """Else an alert says for ever that it is down."""
    look = watched_by(stack(name).spec, [])
    objects = installed(stack(name))
    for controller in look.controllers:
        pods = [item["spec"]["template"] for item in objects[controller] if item["kind"] == "Deployment"]
        asking = [int(annotation(pod, "port") or 0) for pod in pods if annotation(pod, "scrape") == "true"]
        containers = [container for pod in pods for container in pod["spec"]["containers"]]
        listening = {port["containerPort"] for container in containers for port in container.get("ports", [])}
        assert listening & set(asking), f"{name}: {controller} listens on {listening}, Prometheus asks on {asking}"


def annotation(pod: dict[str, Any], name: str) -> str | None:
    return (pod["metadata"].get("annotations") or {}).get(f"prometheus.io/{name}")


def test_a_changed_configuration_starts_the_server_anew() -> None:
    def checksum(name: str) -> str:
        template = only(everything(name), "Deployment", "prometheus")["spec"]["template"]
        return str(template["metadata"]["annotations"]["coalmine.dev/config-sha256"])

    assert checksum("staging") == checksum("production") != checksum("local")


def test_a_machine_without_helm_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("components.platform.helm.remembered", lambda _parts, make: make())
    loaded = stack("local")
    installed(loaded)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("tests.contract.platform_stacks.put_on_path", lambda *_: None)
    with pytest.raises(SourceError) as raised:
        installed(loaded)
    assert str(raised.value) == (
        'helm v3.22 renders the charts: put it on PATH (`eval "$(coalmine local env)"` does); there is none'
    )
    other = tmp_path / "helm"
    other.write_text("#!/bin/sh\necho v3.9.4\n")
    other.chmod(0o755)
    with pytest.raises(SourceError, match=r"the one there is v3\.9\.4$"):
        installed(loaded)


@pytest.mark.parametrize(("module", "release"), [("v0.316.0", "v3.16.0"), ("v0.305.2", "v3.5.2")])
def test_a_release_of_prometheus_follows_from_its_module(module: str, release: str) -> None:
    assert pinned.prometheus_release(module) == release
