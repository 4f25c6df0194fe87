"""A pod on every node: Flagger releases a DaemonSet, and what such pods cannot have is refused."""

from pathlib import Path
from typing import Any

import pytest

from components.app import changed_kind
from components.compile import Compiled
from components.operate.engines.flagger.state import CanaryState
from components.ownership import Ownership
from tests.specs import REMOVED, Project, changed, compiled_app, example_app, only, stack_keys

RESOLVER = example_app("every-node")
STACK = changed(stack_keys(), "delivery", "engine", to="flagger")
CONTAINER: dict[str, Any] = {"name": "a", "image": "a:1"}
ON_NODES = "both versions stand on every node during a release, and one of them can have a node's port: leave it out"


def of_template(**spec: Any) -> dict[str, Any]:
    """The app with a full pod template."""
    template = {"spec": {"containers": [CONTAINER], **spec}}
    workload = {"kind": "daemonset", "port": 8080, "version": "1", "pod_template": template}
    return {**RESOLVER, "workload": workload}


@pytest.fixture
def made(tmp_path: Path) -> Compiled:
    return compiled_app(tmp_path, RESOLVER, STACK)


def messages(root: Path, app: dict[str, Any], stack: dict[str, Any] | None = None) -> list[str]:
    project = Project(root)
    project.stack(stack or STACK)
    project.apps(app)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def test_flagger_watches_the_daemonset_and_nothing_says_how_many_pods_it_has(made: Compiled) -> None:
    canary = only(made.manifests, "Canary")["spec"]
    assert canary["targetRef"] == {"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "resolver"}
    assert "autoscalerRef" not in canary
    kinds = {one["kind"] for one in made.manifests}
    assert not kinds & {"Deployment", "HorizontalPodAutoscaler"}
    spec = only(made.manifests, "DaemonSet")["spec"]
    assert not spec.keys() & {"replicas", "strategy", "progressDeadlineSeconds"}
    assert "topologySpreadConstraints" not in spec["template"]["spec"]


def test_flagger_takes_no_other_way_of_updating(made: Compiled) -> None:
    """It refuses a DaemonSet that is updated otherwise when it makes the stable one."""
    assert only(made.manifests, "DaemonSet")["spec"]["updateStrategy"]["type"] == "RollingUpdate"


@pytest.mark.trap(43)
def test_the_node_selector_is_left_to_flagger(made: Compiled, tmp_path: Path) -> None:
    assert "nodeSelector" not in only(made.manifests, "DaemonSet")["spec"]["template"]["spec"]
    assert Ownership(made.ownership.fields).pulumi == {("DaemonSet", "resolver"): ("spec.template.spec.nodeSelector",)}
    assert messages(tmp_path, of_template(nodeSelector={"disk": "fast"})) == [
        "workload.pod_template.spec.nodeSelector: engine 'flagger' takes the pods of a DaemonSet away by it: choose "
        "nodes by 'affinity.nodeAffinity'"
    ]


@pytest.mark.trap(44)
def test_no_pod_has_a_port_of_its_node(tmp_path: Path) -> None:
    assert messages(tmp_path, of_template()) == []
    assert messages(tmp_path, of_template(hostNetwork=True)) == [f"workload.pod_template.spec.hostNetwork: {ON_NODES}"]
    taken = {**CONTAINER, "ports": [{"containerPort": 53, "hostPort": 53}]}
    assert messages(tmp_path, of_template(containers=[taken])) == [
        f"workload.pod_template.spec.containers[0].ports[0].hostPort: {ON_NODES}"
    ]


@pytest.mark.trap(45)
def test_there_is_no_disruption_budget_that_could_not_be_counted(made: Compiled) -> None:
    assert [one for one in made.manifests if one["kind"] == "PodDisruptionBudget"] == []


def test_its_pods_are_told_apart_by_names_without_a_replicaset(tmp_path: Path) -> None:
    stack = changed(STACK, "delivery", "metrics", to={"kind": "prometheus", "kube_metrics": True})
    checks = [{"kind": "memory", "max": "100Mi"}]
    found = compiled_app(tmp_path, changed(RESOLVER, "delivery", "analysis", "checks", to=checks), stack)
    query = only(found.manifests, "MetricTemplate")["spec"]["query"]
    assert "resolver-[bcdfghjklmnpqrstvwxz2456789]{5}" in query
    assert "{1,10}" not in query, "this is what a ReplicaSet adds"


@pytest.mark.parametrize(
    ("router", "label"), [("linkerd", 'daemonset="resolver"'), ("osm", 'destination_kind="DaemonSet"')]
)
def test_a_mesh_that_counts_by_kind_is_asked_for_the_daemonset(tmp_path: Path, router: str, label: str) -> None:
    inside = {**RESOLVER, "traffic": {"hosts": ["resolver.resolver.svc.cluster.local"]}}
    checks = [{"kind": "error_rate", "max": "1%"}]
    stack = changed(STACK, "delivery", "router", to=router)
    found = compiled_app(tmp_path, changed(inside, "delivery", "analysis", "checks", to=checks), stack)
    assert label in only(found.manifests, "MetricTemplate")["spec"]["query"]


EXCLUDED = "is excluded by workload.kind 'daemonset': each node has one pod, and drains leave it"


@pytest.mark.parametrize(
    ("key", "value"), [("replicas", 3), ("scaling", {"min": 2, "max": 4}), ("disruption", {"max_unavailable": 2})]
)
def test_what_says_how_many_pods_there_are_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    assert messages(tmp_path, {**RESOLVER, key: value}) == [f"{key}: {EXCLUDED}"]


def test_a_deployment_still_needs_a_number(tmp_path: Path) -> None:
    assert messages(tmp_path, changed(RESOLVER, "workload", "kind", to=REMOVED)) == [
        "give either 'replicas' or 'scaling': one owner sets the pod count"
    ]


def test_argo_rollouts_refuses_it_with_what_can_be_done(tmp_path: Path) -> None:
    assert messages(tmp_path, RESOLVER, stack_keys()) == [
        "workload.kind: app 'resolver' needs a pod on every node, which engine 'argo-rollouts' with router 'istio' "
        "cannot do: a Rollout runs as many pods as it is told, in ReplicaSets; use workload.kind 'deployment' and "
        "spread the pods by disruption.nodes, or choose engine 'flagger'"
    ]


def test_a_chart_may_have_the_daemonset(tmp_path: Path) -> None:
    daemon = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "resolver"},
        "spec": {"updateStrategy": {"type": "OnDelete"}, "template": {"spec": {"containers": [CONTAINER]}}},
    }
    project = Project(tmp_path)
    project.stack(STACK)
    project.write("kustomize/kustomization.yaml", "resources: [set.yaml]\n")
    project.write("kustomize/set.yaml", str(daemon))
    workload = {"kind": "daemonset", "port": 8080, "kustomize": {"path": "../kustomize"}}
    project.apps({**RESOLVER, "workload": workload})
    [found] = project.compile()
    assert found.notes[0] == "DaemonSet 'resolver' is what is released; what the app says replaces its updateStrategy"
    project.apps({**RESOLVER, "replicas": 2, "workload": {**workload, "kind": "deployment"}})
    assert project.messages() == [
        "apps/app.yaml: workload.kustomize: has no Deployment, and one must be what is released (there are: "
        "DaemonSet/resolver)"
    ]


def test_a_live_app_keeps_the_kind_of_its_pods(made: Compiled, tmp_path: Path) -> None:
    assert changed_kind(made, lambda _: False) is None
    assert changed_kind(made, lambda reference: reference.kind == "DaemonSet") is None
    refused = changed_kind(made, lambda reference: reference.kind == "Deployment")
    assert refused is not None
    assert refused.startswith("app 'resolver': workload.kind is 'daemonset', but its pods run in a deployment now (")
    rollout = compiled_app(tmp_path / "other", example_app())
    assert changed_kind(rollout, lambda _: True) is None, "a Rollout runs its pods itself"


def test_scaling_by_a_node_selector_is_no_change_of_the_pods() -> None:
    """Else every release would be one that Flagger has not seen."""

    def entry(time: str, template: dict[str, Any]) -> dict[str, Any]:
        return {"time": time, "fieldsV1": {"f:spec": {"f:template": template}}}

    ours = entry("2026-01-01T00:00:00Z", {"f:metadata": {}, "f:spec": {"f:containers": {}}})
    scaling = entry("2026-01-02T00:00:00Z", {"f:spec": {"f:nodeSelector": {}}})
    canary = {"metadata": {}, "spec": {"targetRef": {"kind": "DaemonSet"}}}
    state = CanaryState.of(canary, {"metadata": {"managedFields": [ours, scaling]}}, {})
    assert (state.changed, state.target) == ("2026-01-01T00:00:00Z", "DaemonSet")
