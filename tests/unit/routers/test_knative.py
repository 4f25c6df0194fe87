"""Knative: the Service that runs the pods and whose traffic Flagger splits, what is measured, and what is refused."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from components.adoption import Reference
from components.app import changed_kind, stages
from components.contracts import OwnedField
from components.manifests.meta import Manifest
from tests.specs import changed, only

from .apps import AB, CHECKS, COPIES, STICKY, WEIGHTS, app, compiled, latency, refused

KNATIVE = "knative"
FLAGGER = {"kind": "flagger", "version": "1.41.0"}
DOMAIN_MAPPING = "serving.knative.dev/v1beta1"


def made_of(root: Path, spec: Mapping[str, Any]) -> list[Manifest]:
    return list(compiled(root, KNATIVE, spec, FLAGGER).manifests)


def template_of(root: Path, spec: Mapping[str, Any]) -> dict[str, Any]:
    """The template of the revisions."""
    template: dict[str, Any] = only(made_of(root, spec), "Service")["spec"]["template"]
    return template


def paths(root: Path, spec: Mapping[str, Any]) -> list[str]:
    """The places of which something is refused."""
    return sorted(line.split(": ")[0] for line in refused(root, KNATIVE, spec, FLAGGER))


def working(**work: Any) -> dict[str, Any]:
    """An app with more in its workload."""
    made = app()
    return {**made, "workload": {**made["workload"], **work}}


def with_template(spec: Mapping[str, Any], **metadata: Any) -> dict[str, Any]:
    """An app with a full pod template."""
    template = {"spec": dict(spec), **({"metadata": metadata} if metadata else {})}
    return {**app(), "workload": {"port": 8080, "version": "1.4.0", "pod_template": template}}


def test_the_canary_watches_a_knative_service_and_nothing_else(tmp_path: Path) -> None:
    """Flagger refuses it with an autoscaler, and makes no Services for it; older definitions want a port."""
    made = compiled(tmp_path, KNATIVE, app(), FLAGGER)
    canary = only(made.manifests, "Canary")["spec"]
    assert canary["provider"] == "knative"
    assert canary["targetRef"] == {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "shop"}
    assert "autoscalerRef" not in canary
    assert canary["service"] == {"port": 80}
    assert canary["analysis"]["stepWeights"] == [10, 50]
    kinds = {one["kind"] for one in made.manifests}
    assert not kinds & {"Deployment", "HorizontalPodAutoscaler", "VirtualService"}


def test_the_traffic_is_flaggers_from_the_first_moment(tmp_path: Path) -> None:
    """Whoever applies the manifests once more must not send everybody to the newest revision."""
    made = compiled(tmp_path, KNATIVE, app(), FLAGGER)
    service = only(made.manifests, "Service")
    assert "traffic" not in service["spec"]
    assert made.ownership.fields == (OwnedField("serving.knative.dev", "Service", "shop", "shop", "spec.traffic"),)


def test_the_pods_come_before_the_canary_and_after_what_they_need(tmp_path: Path) -> None:
    before, pods, after = stages(compiled(tmp_path, KNATIVE, app(), FLAGGER))
    assert "ServiceAccount" in {one["kind"] for one in before}
    assert [one["kind"] for one in pods] == ["Service"]
    assert "Canary" in {one["kind"] for one in after}


def test_a_live_app_becomes_none_of_knatives_in_place(tmp_path: Path) -> None:
    """The Services that Flagger made have the names that Knative wants, and the pods would go at once."""
    made = compiled(tmp_path / "new", KNATIVE, app(), FLAGGER)
    before = compiled(tmp_path / "old", "istio", app(), "flagger")
    knative = Reference("serving.knative.dev/v1", "Service", "shop", "shop")
    assert changed_kind(made, lambda reference: reference == knative) is None
    refusal = changed_kind(made, lambda reference: reference.kind == "Deployment")
    assert refusal is not None
    assert "router 'knative' has its own object run them, but its pods run in a deployment now" in refusal
    back = changed_kind(before, lambda reference: reference == knative)
    assert back is not None
    assert "workload.kind is 'deployment', but its pods run in a Knative Service now" in back


def test_drains_leave_pods_of_whatever_revision(tmp_path: Path) -> None:
    budget = only(made_of(tmp_path, app()), "PodDisruptionBudget")["spec"]
    assert budget == {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/name": "shop"}}}


def test_only_the_newest_revision_is_measured(tmp_path: Path) -> None:
    """Flagger replaces `{{ route }}` by its name."""
    query = only(made_of(tmp_path, app()), "MetricTemplate")["spec"]["query"]
    assert set(re.findall(r"\{(envoy_cluster_name[^}]*\}\}[^}]*)\}", query)) == {
        'envoy_cluster_name="shop/{{ route }}"',
        'envoy_cluster_name="shop/{{ route }}", envoy_response_code=~"5.."',
    }


def test_users_name_the_newest_revision_in_queries_of_their_own(tmp_path: Path) -> None:
    text = 'sum(errors{service="{{service}}", pod=~"{{pods}}", owner="{{workload}}"})'
    asked = {"checks": [{"kind": "query", "name": "own", "query": text, "max": 1}]}
    query = only(made_of(tmp_path, app({**WEIGHTS, "analysis": asked})), "MetricTemplate")["spec"]["query"]
    assert query == 'sum(errors{service="{{ route }}", pod=~"{{ route }}-.*", owner="{{ route }}-deployment"})'


@pytest.mark.parametrize("compared", [CHECKS["checks"][0], {"kind": "query", "name": "own", "max": 1}])
def test_the_stable_revision_cannot_be_asked_for(tmp_path: Path, compared: dict[str, Any]) -> None:
    query = {"query": 'errors{pod=~"{{pods}}"}'} if compared["kind"] == "query" else {}
    check = {**compared, **query, "compared_with_stable": {"factor": 2}}
    [message] = refused(tmp_path, KNATIVE, app({**WEIGHTS, "analysis": {"checks": [check]}}), FLAGGER)
    assert message.startswith("delivery.analysis.checks[0].compared_with_stable: ")


def test_without_kourier_the_built_in_checks_are_refused(tmp_path: Path) -> None:
    other = {"kind": "knative", "ingress": "other"}
    [message] = refused(tmp_path / "a", other, app(latency("1s")), FLAGGER)
    assert "only the metrics of Kourier are known to tell one revision from another: give `query` checks" in message
    own = {"kind": "query", "name": "own", "query": 'sum(errors{pod=~"{{pods}}"})', "max": 1}
    assert compiled(tmp_path / "b", other, app({**WEIGHTS, "analysis": {"checks": [own]}}), FLAGGER).manifests


def test_a_fixed_number_of_pods_is_a_scale_without_room(tmp_path: Path) -> None:
    annotations = template_of(tmp_path, changed(app(), "replicas", to=6))["metadata"]["annotations"]
    assert annotations["autoscaling.knative.dev/min-scale"] == "6"
    assert annotations["autoscaling.knative.dev/max-scale"] == "6"
    assert "autoscaling.knative.dev/class" not in annotations


def test_a_range_follows_the_use_of_cpu_as_everywhere(tmp_path: Path) -> None:
    spec = app()
    del spec["replicas"]
    spec["scaling"] = {"min": 3, "max": 9, "cpu": "60%"}
    annotations = template_of(tmp_path, spec)["metadata"]["annotations"]
    scale = {key.partition("/")[2]: value for key, value in annotations.items() if key.startswith("autoscaling")}
    own = {"class": "hpa.autoscaling.knative.dev", "metric": "cpu", "target": "60"}
    assert scale == {**own, "min-scale": "3", "max-scale": "9"}


def test_kedas_range_is_refused(tmp_path: Path) -> None:
    spec = app()
    del spec["replicas"]
    spec["scaling"] = {"kind": "keda", "min": 3, "max": 9, "triggers": [{"kind": "cpu", "use": "60%"}]}
    assert paths(tmp_path, spec) == ["scaling.kind"]


def test_what_is_said_of_a_whole_pod_is_said_of_its_container(tmp_path: Path) -> None:
    """Knative takes no security context of a pod, and the container must be as safe as with any other router."""
    spec = template_of(tmp_path, working(security={"run_as_user": 7}))["spec"]
    assert not spec.keys() & {"securityContext", "terminationGracePeriodSeconds", "topologySpreadConstraints"}
    security = spec["containers"][0]["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] == 7
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_what_a_container_says_itself_wins_over_its_pod(tmp_path: Path) -> None:
    container = {"name": "shop", "image": "a.b/c:1.4.0", "securityContext": {"runAsUser": 8}}
    pod = {"containers": [container], "securityContext": {"runAsUser": 7, "runAsNonRoot": True}}
    [made] = template_of(tmp_path, with_template(pod))["spec"]["containers"]
    assert made["securityContext"] == {"runAsUser": 8, "runAsNonRoot": True}


@pytest.mark.parametrize(("name", "written"), [("http", "http1"), ("http1", "http1"), ("h2c", "h2c")])
def test_the_port_says_what_is_spoken(tmp_path: Path, name: str, written: str) -> None:
    spec = changed(working(ports=[{"name": name, "port": 8081}]), "workload", "port", to=None)
    [container] = template_of(tmp_path, spec)["spec"]["containers"]
    assert container["ports"] == [{"name": written, "containerPort": 8081, "protocol": "TCP"}]


def test_the_time_of_a_request_is_the_revisions(tmp_path: Path) -> None:
    traffic = {"hosts": ["shop.example.com"], "timeout": "90s"}
    assert template_of(tmp_path, app(WEIGHTS, traffic))["spec"]["timeoutSeconds"] == 90


@pytest.mark.parametrize(("timeout", "why"), [("500ms", "must be whole seconds"), ("11m", "is more than 10m")])
def test_a_time_that_knative_does_not_take_is_refused(tmp_path: Path, timeout: str, why: str) -> None:
    [message] = refused(tmp_path, KNATIVE, app(WEIGHTS, {"hosts": ["a.b"], "timeout": timeout}), FLAGGER)
    assert message.startswith(f"traffic.timeout: {timeout} {why}")


def test_a_longer_time_is_taken_where_the_cluster_takes_it(tmp_path: Path) -> None:
    longer = {"kind": "knative", "longest_timeout": "1h"}
    spec = app(WEIGHTS, {"hosts": ["a.b"], "timeout": "11m"})
    assert only(compiled(tmp_path, longer, spec, FLAGGER).manifests, "Service")


def test_a_revision_that_gets_no_pods_is_given_up_at_the_deadline(tmp_path: Path) -> None:
    spec = app({**WEIGHTS, "rollback": {"deadline": "5m"}})
    annotations = template_of(tmp_path, spec)["metadata"]["annotations"]
    assert annotations["serving.knative.dev/progress-deadline"] == "300s"


def test_that_flagger_keeps_no_deadline_is_told(tmp_path: Path) -> None:
    notes = compiled(tmp_path, KNATIVE, app(), FLAGGER).notes
    assert any("while the new revision is not ready, the release stands where it is" in note for note in notes)


def test_the_app_answers_to_its_hosts_and_to_no_other(tmp_path: Path) -> None:
    inside = "shop.shop.svc.cluster.local"
    made = made_of(tmp_path, app(WEIGHTS, {"hosts": ["a.b", inside, "c.d"]}))
    labels = only(made, "Service")["metadata"]["labels"]
    assert labels["networking.knative.dev/visibility"] == "cluster-local"
    mapped = [one for one in made if (one["apiVersion"], one["kind"]) == (DOMAIN_MAPPING, "DomainMapping")]
    assert [one["metadata"]["name"] for one in mapped] == ["a.b", "c.d"]
    reference = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": "shop"}
    assert [one["spec"] for one in mapped] == [{"ref": reference}] * 2


def test_hosts_that_cannot_be_mapped_are_refused(tmp_path: Path) -> None:
    hosts = ["*.example.com", "other.shop.svc.cluster.local", "a.b"]
    assert paths(tmp_path, app(WEIGHTS, {"hosts": hosts})) == ["traffic.hosts[0]", "traffic.hosts[1]"]


def test_flagger_finds_nothing_to_write_otherwise(tmp_path: Path) -> None:
    """It sends the whole object: what it wrote otherwise would be its own, and the next version a conflict."""
    resources = {"requests": {"cpu": "1000m", "memory": "1024Mi"}, "limits": {"memory": "1.5Gi"}}
    [container] = template_of(tmp_path, working(resources=resources, env={"EMPTY": ""}))["spec"]["containers"]
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1536Mi"}}
    assert container["env"] == [{"name": "EMPTY"}]


def test_a_token_is_the_accounts_own_word(tmp_path: Path) -> None:
    """Knative takes no true."""
    made = made_of(tmp_path, working(service_account={"mount_token": True}))
    assert only(made, "ServiceAccount")["automountServiceAccountToken"] is True
    assert "automountServiceAccountToken" not in only(made, "Service")["spec"]["template"]["spec"]


CONFIG = {"name": "c", "mount": "/c", "config": "c"}
SHORT_FORM: dict[str, tuple[dict[str, Any], str]] = {
    "a variable of Knative's": ({"env": {"PORT": "80"}}, "workload.env.PORT"),
    "a field of the pod": ({"env": {"NAME": {"field": "metadata.name"}}}, "workload.env.NAME"),
    "what tells traces apart": ({"telemetry": True}, "workload.telemetry"),
    "a claim": ({"volumes": [{"name": "c", "mount": "/c", "claim": "c"}]}, "workload.volumes[0].claim"),
    "a config to write to": ({"volumes": [{**CONFIG, "read_only": False}]}, "workload.volumes[0].read_only"),
    "a folder of the system": ({"volumes": [{**CONFIG, "mount": "/dev/"}]}, "workload.volumes[0].mount"),
    "a group": ({"security": {"fs_group": 7}}, "workload.security.fs_group"),
    "a capability": ({"security": {"add_capabilities": ["NET_ADMIN"]}}, "workload.security.add_capabilities"),
    "time to end": ({"termination_grace": "60s"}, "workload.termination_grace"),
    "time to stay ready": ({"min_ready": "20s"}, "workload.min_ready"),
    "a scale": (
        {"annotations": {"autoscaling.knative.dev/min-scale": "0"}},
        "workload.annotations.autoscaling.knative.dev/min-scale",
    ),
    "a port of the proxy's": ({"port": 8012}, "workload.port"),
}


@pytest.mark.parametrize("case", SHORT_FORM)
def test_what_knative_refuses_of_the_pods_is_refused_here_by_path(tmp_path: Path, case: str) -> None:
    work, path = SHORT_FORM[case]
    assert paths(tmp_path, working(**work)) == [path]


def test_several_ports_and_a_name_that_says_nothing_are_refused(tmp_path: Path) -> None:
    ports = [{"name": "web", "port": 8080}, {"name": "admin", "port": 8081}]
    spec = changed(working(ports=ports), "workload", "port", to=None)
    assert paths(tmp_path, spec) == ["workload.ports[0].name", "workload.ports[1]"]


def test_where_pods_stand_is_not_said_to_knative(tmp_path: Path) -> None:
    spec = {**app(), "disruption": {"zones": "require", "nodes": "any"}}
    assert paths(tmp_path, spec) == ["disruption.nodes", "disruption.zones"]


def test_a_pod_on_every_node_is_refused(tmp_path: Path) -> None:
    spec = working(kind="daemonset")
    del spec["replicas"]
    assert paths(tmp_path, spec) == ["workload.kind"]


IMAGE = {"name": "shop", "image": "a.b/c:1.4.0"}
SIDECAR = {"name": "side", "image": "a.b/d:1.0.0"}
PORT = {"containerPort": 8080}
IN_TEMPLATE: dict[str, tuple[dict[str, Any], str]] = {
    "of the pod": ({"containers": [IMAGE], "nodeSelector": {"a": "b"}}, "spec.nodeSelector"),
    "of its security": ({"containers": [IMAGE], "securityContext": {"fsGroup": 7}}, "spec.securityContext.fsGroup"),
    "of a container": ({"containers": [{**IMAGE, "lifecycle": {}}]}, "spec.containers[0].lifecycle"),
    "of a probe": (
        {"containers": [{**IMAGE, "livenessProbe": {"terminationGracePeriodSeconds": 5}}]},
        "spec.containers[0].livenessProbe.terminationGracePeriodSeconds",
    ),
    "of a volume": ({"containers": [IMAGE], "volumes": [{"name": "a", "nfs": {}}]}, "spec.volumes[0].nfs"),
    "another port": ({"containers": [{**IMAGE, "ports": [{"containerPort": 1}]}]}, "spec.containers[0].ports[0]"),
    "a second port": (
        {"containers": [{**IMAGE, "ports": [PORT]}, {**SIDECAR, "ports": [PORT]}]},
        "spec.containers[1].ports[0]",
    ),
    "a port of another name": (
        {"containers": [{**IMAGE, "ports": [{**PORT, "name": "h2c"}]}]},
        "spec.containers[0].ports[0].name",
    ),
    "no port of several containers": ({"containers": [IMAGE, SIDECAR]}, "spec.containers"),
    "a variable of Knative's": (
        {"containers": [{**IMAGE, "env": [{"name": "PORT", "value": "1"}]}]},
        "spec.containers[0].env[0].name",
    ),
}


@pytest.mark.parametrize("case", IN_TEMPLATE)
def test_what_knative_refuses_of_a_template_is_refused_here_by_path(tmp_path: Path, case: str) -> None:
    spec, path = IN_TEMPLATE[case]
    assert paths(tmp_path, with_template(spec)) == [f"workload.pod_template.{path}"]


def test_an_annotation_of_a_template_that_is_made_here_is_refused(tmp_path: Path) -> None:
    name = "serving.knative.dev/progress-deadline"
    spec = with_template({"containers": [IMAGE]}, annotations={name: "1s"})
    assert paths(tmp_path, spec) == [f"workload.pod_template.metadata.annotations.{name}"]


def test_the_container_with_the_port_gets_the_requests(tmp_path: Path) -> None:
    side, main = template_of(tmp_path, with_template({"containers": [SIDECAR, {**IMAGE, "ports": [PORT]}]}))["spec"][
        "containers"
    ]
    assert "ports" not in side
    assert main["ports"] == [{"name": "http1", "containerPort": 8080, "protocol": "TCP"}]


def test_the_labels_and_annotations_of_the_pods_stay(tmp_path: Path) -> None:
    template = template_of(tmp_path, working(labels={"tier": "web"}, annotations={"a.b/c": "d"}))
    assert template["metadata"]["labels"]["tier"] == "web"
    assert template["metadata"]["labels"]["version"].startswith("1.4.0-")
    assert template["metadata"]["annotations"]["a.b/c"] == "d"


@pytest.mark.parametrize("delivery", [AB, COPIES, STICKY], ids=["cohort", "copies", "sticky"])
def test_weights_are_all_that_flagger_can_set(tmp_path: Path, delivery: dict[str, Any]) -> None:
    [message] = refused(tmp_path, KNATIVE, app(delivery), FLAGGER)
    assert "Flagger sets nothing but two weights in a Knative Service; use strategy 'canary'" in message


def test_what_a_knative_service_cannot_say_of_traffic_is_refused(tmp_path: Path) -> None:
    traffic = {"hosts": ["a.b"], "port": 8080, "retries": {"attempts": 1}, "match": [{"path": {"exact": "/a"}}]}
    assert paths(tmp_path, app(WEIGHTS, traffic)) == ["traffic.match", "traffic.port", "traffic.retries"]


def test_argo_rollouts_does_not_steer_it(tmp_path: Path) -> None:
    assert "'knative' does not work with 'argo-rollouts'" in refused(tmp_path, KNATIVE, app())[0]


def test_the_pinned_flagger_is_too_old(tmp_path: Path) -> None:
    [message] = refused(tmp_path, KNATIVE, app(), "flagger")
    assert message.endswith("has since 1.41.0 only: name that in engine.version")
