"""Charts and overlays as workloads: what a release cannot take is refused by name."""

from typing import Any

import pytest

from tests.specs import REMOVED, Project, changed

from .packaged import CART, CHART, LEADS, LETTERS, OUT, OVERLAY, edit, said
from .packaged import project as project

MISTAKES: dict[str, tuple[dict[str, Any], str, str, list[str]]] = {
    "a Service for the pods": (
        changed(CART, "workload", "chart", "without", to=[]),
        "",
        "",
        [f"Service 'cart' {LEADS}, {OUT} [Service/cart]"],
    ),
    "an object that is not there": (
        changed(CART, "workload", "chart", "without", to=["Service/cart", "Service/card"]),
        "",
        "",
        ["without[1]: there is no 'Service/card' to leave out (did you mean 'Service/cart'?)"],
    ),
    "a hook": (
        CART,
        f"{CHART}/migrate.yaml",
        "{apiVersion: batch/v1, kind: Job, metadata: {name: up, annotations: {helm.sh/hook: pre-upgrade}}}",
        [
            "Job 'up' is a hook (pre-upgrade), which helm alone runs: have a gate of 'delivery' do it, and leave it "
            "out: without: [Job/up]"
        ],
    ),
    "a Secret": (
        CART,
        f"{CHART}/secret.yaml",
        "{apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {a: b}}",
        [
            "Secret 'keys' would stand in plain text in Git and in the state: make it in the cluster and name it to "
            "the pods, or write a SealedSecret or an ExternalSecret, of which the cluster makes it, or one that SOPS "
            f"encrypted, {OUT} [Secret/keys]"
        ],
    ),
    "an object of the whole cluster": (
        CART,
        f"{CHART}/role.yaml",
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: all}}",
        [
            "ClusterRole 'all' belongs to the whole cluster, not to one app: let those who run the cluster install it, "
            f"{OUT} [ClusterRole/all]"
        ],
    ),
    "an object elsewhere": (
        CART,
        f"{CHART}/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: far, namespace: kube-system}}",
        [
            "ConfigMap 'far' is in namespace 'kube-system', not in the app's, 'cart': make it there by another way, "
            f"{OUT} [ConfigMap/far]"
        ],
    ),
    "a second Deployment": (
        CART,
        f"{CHART}/worker.yaml",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: worker}, spec: {}}",
        [
            "has 2 Deployments, 'cart', 'worker', and one must be what is released: leave the others out by 'without', "
            "and make each an app of its own"
        ],
    ),
    "an autoscaler": (
        CART,
        f"{CHART}/scaler.yaml",
        "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, "
        "spec: {scaleTargetRef: {kind: Deployment, name: cart}}}",
        [
            "HorizontalPodAutoscaler 'a' changes the pods of a Deployment, which the release does: say it by "
            f"'scaling', {OUT} [HorizontalPodAutoscaler/a]"
        ],
    ),
    "a disruption budget": (
        CART,
        f"{CHART}/budget.yaml",
        "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a}, "
        "spec: {selector: {matchLabels: {app.kubernetes.io/name: cart}}}}",
        [
            "PodDisruptionBudget 'a' is a second budget for the app's pods, which no drain could keep: say it by "
            f"'disruption', {OUT} [PodDisruptionBudget/a]"
        ],
    ),
    "a route": (
        CART,
        f"{CHART}/ingress.yaml",
        "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {}}",
        [f"Ingress 'a' routes requests, which the release does: say it by 'traffic', {OUT} [Ingress/a]"],
    ),
    "pods that the app's Services would find": (
        CART,
        f"{CHART}/job.yaml",
        "{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, "
        "spec: {jobTemplate: {spec: {template: {metadata: {labels: {app.kubernetes.io/name: cart}}}}}}}",
        [
            "CronJob 'a' makes pods with the label app.kubernetes.io/name: cart, by which the app's Services find "
            f"theirs: change it, {OUT} [CronJob/a]"
        ],
    ),
    "a name that the release uses": (
        CART,
        f"{CHART}/map.yaml",
        "{apiVersion: v1, kind: Service, metadata: {name: cart-canary}, spec: {ports: [{port: 1}]}}",
        [
            "Service 'cart-canary' has the kind and name of an object that the release makes: give it another name, "
            f"{OUT} [Service/cart-canary]"
        ],
    ),
    "an object without a name": (
        CART,
        f"{CHART}/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a}}",
        ["renders what cannot be read: an object without 'apiVersion', 'kind' or 'metadata.name'"],
    ),
    "a key in a ConfigMap": (
        CART,
        f"{CHART}/settings.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: cart-settings}, data: {a/b: c}}",
        ["ConfigMap 'cart-settings': a/b: 'a/b' is not a key of a ConfigMap: use letters, digits, '-', '_' and '.'"],
    ),
    "something random": (
        CART,
        f"{CHART}/map.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: odd}, data: {a: {{ randAlphaNum 20 | quote }}}}",
        ["renders ConfigMap/odd otherwise every time, and each would be a release: give it a value"],
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_a_release_cannot_take_is_refused_by_name(project: Project, name: str) -> None:
    app, file, text, messages = MISTAKES[name]
    if file:
        project.write(file, text)
    parted = [f"workload.chart{'.' if one.startswith('without') else ': '}{one}" for one in messages]
    assert said(project, app) == parted


DEPLOYMENTS: dict[str, tuple[str, str, str]] = {
    "an account that can have no such name": (
        "serviceAccountName: {{ .Release.Name }}",
        "serviceAccountName: A_B",
        ": the account of its pods: 'A_B' is not a valid object name: use lower-case letters, digits, '-' and '.'",
    ),
    "paused": (
        "  replicas:",
        "  paused: true\n  replicas:",
        "has 'spec.paused', which a release cannot keep: take it out",
    ),
    "an annotation": (
        "metadata:\n  name:",
        "metadata:\n  annotations: {example.com/reload: 'true'}\n  name:",
        "has an annotation 'example.com/reload', but another object is released: take it out, or give it to the pods",
    ),
    "another namespace": (
        "metadata:\n  name: {{ .Release.Name }}\n  labels:",
        "metadata:\n  namespace: other\n  name: {{ .Release.Name }}\n  labels:",
        "is in namespace 'other', not in the app's, 'cart'",
    ),
    "another name": (
        '{{- include "cart.labels" . | nindent 8 }}',
        "{app.kubernetes.io/name: basket}",
        "has pods with the label app.kubernetes.io/name: basket, by which other objects find them: it must be 'cart'",
    ),
}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_what_a_deployment_says_and_a_release_cannot_keep_is_refused(project: Project, name: str) -> None:
    old, new, message = DEPLOYMENTS[name]
    edit(project, f"{CHART}/deployment.yaml", old, new)
    between = "" if message.startswith(":") else " "
    assert said(project, CART) == [f"workload.chart: Deployment 'cart'{between}{message}"]


def test_a_chart_without_a_deployment_has_nothing_to_release(project: Project) -> None:
    (project.root / CHART / "deployment.yaml").unlink()
    [message] = said(project, CART)
    assert message.startswith("workload.chart: has no Deployment, and one must be what is released (there are: ")


@pytest.mark.parametrize("spec", ["", "spec: 3", "spec: {template: 3}", "spec: {template: {metadata: {labels: [a]}}}"])
def test_a_deployment_without_pods_is_refused(project: Project, spec: str) -> None:
    project.write(
        f"{CHART}/deployment.yaml", f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart}}\n{spec}\n"
    )
    found = said(project, CART)
    assert "workload.chart: Deployment 'cart': spec.template.spec.containers: must hold at least one container" in found


def test_an_overlay_is_refused_in_the_same_words(project: Project) -> None:
    found = said(project, changed(LETTERS, "workload", "kustomize", "without", to=["HorizontalPodAutoscaler/letters"]))
    assert found == [f"workload.kustomize: Service 'letters' {LEADS}, {OUT} [Service/letters]"]


def test_what_flagger_drops_is_told_of_the_deployment(project: Project) -> None:
    edit(
        project,
        f"{OVERLAY}/deployment.yaml",
        "        - name: letters\n",
        "        - name: letters\n          restartPolicy: Always\n",
    )
    assert said(project, LETTERS) == [
        "workload.kustomize: Deployment 'letters': spec.template.spec.containers[0].restartPolicy: engine 'flagger' "
        "drops it: it knows the fields of Kubernetes 1.27 only"
    ]


def test_on_flagger_nothing_finds_the_stable_pods_by_the_apps_name(project: Project) -> None:
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a"}}
    closed = {**policy, "spec": {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "letters"}}}}
    assert said(project, changed(LETTERS, "workload", "objects", to=[closed])) == [
        "workload.objects[0]: looks for pods with app.kubernetes.io/name: letters, which engine 'flagger' gives to the "
        "canary alone: have it look for another label of theirs"
    ]
    by_another = {**policy, "spec": {"podSelector": {"matchLabels": {"app": "letters"}}}}
    assert said(project, changed(LETTERS, "workload", "objects", to=[by_another])) == []


PLACES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no such folder": (
        changed(CART, "workload", "chart", "path", to="../charts/card"),
        ["workload.chart.path: no Chart.yaml in '../charts/card', seen from the app's file"],
    ),
    "a folder that is no overlay": (
        changed(LETTERS, "workload", "kustomize", "path", to="../charts/cart"),
        ["workload.kustomize.path: no kustomization.yaml in '../charts/cart', seen from the app's file"],
    ),
    "outside of the project": (
        changed(CART, "workload", "chart", "path", to="../../charts"),
        ["workload.chart.path: '../../charts' leads out of the project's folder: keep it below"],
    ),
    "an absolute path": (
        changed(CART, "workload", "chart", "path", to="/charts"),
        ["workload.chart.path: '/charts' is not a path from the app's own file, like '../charts/shop'"],
    ),
    "both": (
        changed(CART, "workload", "kustomize", to={"path": "../kustomize/production"}),
        ["workload.kustomize: is excluded by 'chart': the pods come from one of them"],
    ),
    "an image beside it": (
        changed(CART, "workload", "image", to="cart:1"),
        ["workload.image: is excluded by 'chart': write it there"],
    ),
    "an account beside it": (
        changed(CART, "workload", "service_account", to={"existing": "a"}),
        ["workload.service_account: is excluded by 'chart': write it there"],
    ),
    "how its pods spread": (
        {**CART, "disruption": {"nodes": "prefer"}},
        ["disruption.nodes: is excluded by 'chart': write 'topologySpreadConstraints' there"],
    ),
    "no port": (
        changed(CART, "workload", "port", to=REMOVED),
        ["workload.port: give either 'port' or 'ports': the port that receives traffic, like 8080"],
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_chart_in_the_wrong_place_is_told(project: Project, name: str) -> None:
    app, messages = PLACES[name]
    assert said(project, app) == messages


def test_a_mistake_in_a_chart_is_told_in_helms_words(project: Project) -> None:
    edit(project, f"{CHART}/service.yaml", "{{ .Release.Name }}", "{{ fail `no name` }}")
    [message] = said(project, CART)
    assert message.startswith("workload.chart: helm template failed: ")
    assert message.endswith("(cart/templates/service.yaml:4:11): no name")


@pytest.mark.parametrize(
    ("app", "tool"), [(CART, "helm v3.22 renders the charts"), (LETTERS, "kustomize v5.8 renders overlays")]
)
def test_a_machine_without_the_tool_is_told_what_to_do(
    project: Project, monkeypatch: pytest.MonkeyPatch, app: dict[str, Any], tool: str
) -> None:
    monkeypatch.setenv("PATH", str(project.root))
    [message] = said(project, app)
    assert message.endswith(f'{tool}: put it on PATH (`eval "$(coalmine local env)"` does); there is none')
