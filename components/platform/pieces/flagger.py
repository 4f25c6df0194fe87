"""Flagger: the controller of the engine `flagger`, from the chart of its pinned release.

Values: charts/flagger/values.yaml of the pinned module.
"""

from collections.abc import Iterator
from typing import Any

from ...contracts_of.flagger import FlaggerRouter
from ...engines.flagger import FlaggerEngine
from ...manifests.meta import Manifest
from ...metrics.prometheus import PrometheusProvider
from ...spec.cluster import StackSpec
from ..bundle import bundle_of
from ..helm import Chart, render
from ..images import FLAGGER_IMAGE
from ..piece import CLUSTER_DEFINITIONS, Piece, Stages, pod_security
from ..sources import FLAGGER_CHART, locate
from ..upstream import changed, in_namespace, not_of_kind, of_kind, resources, with_container

NAMESPACE = "flagger-system"
_CONTAINER = "flagger"
_RUNNING = ("Deployment", "PodDisruptionBudget")


def stages(stack: StackSpec) -> Stages:
    """CRDs; then identity and permissions; then the controller."""
    bundle = bundle_of(stack)
    source = bundle.source(FLAGGER_CHART)
    chart = Chart(locate(source) / source.paths[0], source.sha256, bundle.tag(FLAGGER_IMAGE), "flagger", NAMESPACE)
    rendered = render(chart, _values(stack), stack.cluster.kubernetes)
    objects = in_namespace([_of_today(item) for item in rendered], NAMESPACE)
    image = bundle.image(FLAGGER_IMAGE)
    objects = changed(objects, "Deployment", lambda item: with_container(item, _CONTAINER, image=image))
    return (
        of_kind(objects, CLUSTER_DEFINITIONS),
        not_of_kind(objects, CLUSTER_DEFINITIONS, *_RUNNING),
        of_kind(objects, *_RUNNING),
    )


def _of_today(item: Manifest) -> Manifest:
    """The chart asks the cluster for the budget's version, and there is none while it is rendered."""
    return {**item, "apiVersion": "policy/v1"} if item["kind"] == "PodDisruptionBudget" else item


def _values(stack: StackSpec) -> dict[str, Any]:
    options = stack.platform.flagger
    values: dict[str, Any] = {
        # Every Canary names its own; this one decides which definitions the controller asks for at its start.
        "meshProvider": next(_routers(stack)).flagger_provider,
        "clusterName": stack.cluster.name,
        # A Canary may not read the metric templates of another team.
        "noCrossNamespaceRefs": True,
        "leaderElection": {"enabled": True, "replicaCount": options.replicas},
        "podDisruptionBudget": {"enabled": options.replicas > 1},
        "securityContext": {
            "context": {
                "runAsNonRoot": True,
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        },
    }
    if isinstance(stack.delivery.metrics, PrometheusProvider):
        values["metricsServer"] = stack.delivery.metrics.address
    if options.resources:
        values["resources"] = resources(options.resources)
    return values


def _routers(stack: StackSpec) -> Iterator[FlaggerRouter]:
    return (router for router in stack.delivery.routers.values() if isinstance(router, FlaggerRouter))


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    router, found = stack.delivery.router, []
    if next(_routers(stack), None) is None:
        found.append(("delivery.router", f"engine 'flagger' does not work with router '{router.kind}'"))
    engine = stack.delivery.engines["flagger"]
    bundle = bundle_of(stack)
    if isinstance(engine, FlaggerEngine) and engine.version != bundle.tag(FLAGGER_IMAGE):
        message = f"{bundle.tag(FLAGGER_IMAGE)} is what bundle '{bundle.name}' installs, not {engine.version}"
        found.append(("delivery.engine.version", f"{message}: leave it out, or set platform.flagger.install to false"))
    return found


PIECE = Piece(
    name="flagger",
    token="coalmine:index:Flagger",
    serves=("engine", "flagger"),
    namespaces=lambda _stack: {NAMESPACE: pod_security("restricted")},
    stages=stages,
    problems=_problems,
    sources=(FLAGGER_CHART,),
    reports="flagger_info",
    commands=lambda _stack: {"releases": "get canaries --all-namespaces"},
)
