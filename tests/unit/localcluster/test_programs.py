"""Programs are found, and matched by image whatever registry it comes from."""

import re
from pathlib import Path

import pytest

from components.platform.images import NEVER_RUN, images
from components.releases import tool
from localcluster import argocd, programs
from localcluster.kwok import stages
from localcluster.programs import Launch, Place, Program, contour, contour_envoy, discover, image_pattern, program_for
from localcluster.programs.gateway import bootstrap

from .pods import rollout_pod


def test_every_file_of_the_folder_is_a_program() -> None:
    files = {path.stem for path in Path(programs.__file__).parent.glob("*.py")} - {"__init__", "program"}
    assert len(discover()) == len(files)
    assert all(isinstance(program, Program) for program in discover())


def test_the_page_of_bundles_marks_just_the_images_that_no_program_stands_for() -> None:
    assert {one for one in images() if not re.search(image_pattern(), f"{one}:1")} == NEVER_RUN


def test_every_program_runs_a_pinned_tool() -> None:
    for program in discover():
        assert tool(program.tool).name == program.tool


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("quay.io/argoproj/argo-rollouts:v1.9.3", "argo-rollouts"),
        ("mirror.example.com:5000/quay/argoproj/argo-rollouts@sha256:0123", "argo-rollouts"),
        ("docker.io/istio/pilot:1.30.0", "istiod"),
        ("docker.io/istio/proxyv2:1.30.0-distroless", "gateway"),
        ("quay.io/prometheus/prometheus:v3.16.0", "prometheus"),
        ("prom/prometheus", "prometheus"),
        ("ghcr.io/projectcontour/contour:v1.33.8", "contour"),
        ("docker.io/envoyproxy/envoy:v1.38.9", "contour-envoy"),
        ("public.ecr.aws/docker/library/redis:8.10.1-alpine", "redis"),
        ("ghcr.io/fluxcd/kustomize-controller:v1.9.5", "flux-kustomize"),
    ],
)
def test_images_of_programs(image: str, name: str) -> None:
    program = program_for({"image": image})
    assert program is not None
    assert program.name == name
    assert re.search(image_pattern(), image)


@pytest.mark.parametrize("place", ["args", "command"])
def test_of_an_image_with_several_programs_the_command_decides(place: str) -> None:
    for name in ("argocd-server", "argocd-repo-server", "argocd-application-controller"):
        program = program_for({"image": "quay.io/argoproj/argocd:v3.6.1", place: [f"/usr/local/bin/{name}"]})
        assert program is not None
        assert program.name == name
    assert program_for({"image": "quay.io/argoproj/argocd:v3.6.1", place: ["/usr/local/bin/argocd-dex"]}) is None


@pytest.mark.parametrize(
    "image",
    [
        "quay.io/argoproj/argo-rollouts-tools:v1",
        "example.com/notistio/pilot:1",
        "ghcr.io/fluxcd/source-controller:v1.9.5",
        "example.com/shop:istio/pilot",
        "pilot",
    ],
)
def test_images_of_apps(image: str) -> None:
    assert program_for({"image": image}) is None
    assert not re.search(image_pattern(), image)


def test_kwok_leaves_programs_alone_in_every_stage_of_pods() -> None:
    for stage in stages():
        if stage["spec"]["resourceRef"]["kind"] == "Pod":
            keys = [item["key"] for item in stage["spec"]["selector"]["matchExpressions"]]
            assert any("argoproj/argo-rollouts" in key for key in keys), stage["metadata"]["name"]


def test_the_gateway_says_who_it_is_as_istios_own_agent_would() -> None:
    place = Place(rollout_pod(istio="ingress"), "10.244.250.1", Launch((), {}), lambda name: {})
    node = bootstrap(place)["node"]
    assert node["id"] == "router~10.244.250.1~shop-6b9f8c7d5-abcde.store~store.svc.cluster.local"
    assert node["metadata"]["LABELS"]["istio"] == "ingress"
    assert node["metadata"]["NAMESPACE"] == "store"


def test_contours_envoy_asks_the_contour_of_its_own_namespace() -> None:
    made = contour_envoy.bootstrap(Place(rollout_pod(), "10.244.250.2", Launch((), {}), lambda name: {}))
    endpoint = made["static_resources"]["clusters"][0]["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    assert endpoint["address"]["socket_address"] == {"address": "contour.store.svc", "port_value": contour.PORT}
    named = {
        made["dynamic_resources"][kind]["api_config_source"]["grpc_services"][0]["envoy_grpc"]["cluster_name"]
        for kind in ("lds_config", "cds_config")
    }
    assert named == {made["static_resources"]["clusters"][0]["name"]}


def test_every_port_that_contour_and_its_envoy_listen_on_is_known_as_taken() -> None:
    place = Place(rollout_pod(), "10.244.250.1", Launch(("serve",), {}), lambda name: {})
    asked = {int(flag.partition("=")[2]) for flag in contour.PROGRAM.launch(place).arguments if "port=" in flag}
    assert asked <= set(contour.PROGRAM.taken)


ARGO_CD = [program for program in discover() if program.tool in ("argocd", "valkey")]


@pytest.mark.parametrize("program", ARGO_CD, ids=lambda program: program.name)
def test_every_port_that_argo_cds_parts_listen_on_is_known_as_taken(program: Program) -> None:
    place = Place(rollout_pod(), "10.244.250.1", Launch((f"/usr/local/bin/{program.name}",), {}), lambda name: {})
    arguments = program.launch(place).arguments
    given = " ".join(arguments).replace("=", " ").replace(":", " ").split()
    asked = {int(word) for word in given if word.isdigit()} - {argocd.REPO, argocd.REDIS}
    assert asked <= set(program.taken)
    assert program.port in program.taken
    if program.tool == "argocd":
        assert not arguments[0].startswith("/"), "the program's own name is no argument of it"


def test_argo_cds_parts_find_one_another_by_names_that_are_known_here() -> None:
    """Upstream's names lack the namespace, which only the DNS of a cluster adds."""
    place = Place(rollout_pod(), "10.244.250.1", Launch(("argocd-server",), {}), lambda name: {})
    [server] = [program for program in ARGO_CD if program.name == "argocd-server"]
    assert f"--repo-server=argocd-repo-server.store.svc:{argocd.REPO}" in server.launch(place).arguments
    assert f"--redis=argocd-redis.store.svc:{argocd.REDIS}" in server.launch(place).arguments


def test_the_repository_server_finds_the_script_that_it_asks_about_every_commit() -> None:
    [server] = [program for program in ARGO_CD if program.name == "argocd-repo-server"]
    place = Place(rollout_pod(), "10.244.250.1", Launch(("argocd-repo-server",), {"PATH": "/bin"}), lambda name: {})
    [script] = server.files(place)
    assert Path(script).name == "git-verify-wrapper.sh"
    assert str(Path(script).parent) in server.launch(place).environment["PATH"].split(":")
    assert server.files(place)[script].startswith("#!"), "only what names its interpreter can be run"
