"""Charts and overlays as workloads: what of them is released, what is applied beside, and what is refused by name."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.compile import Compiled, compile_app
from components.spec.app import AppSpec
from components.spec.errors import SpecError
from components.spec.load import LoadedApp, load_app
from components.spec.origin import Origin
from tests.specs import EXAMPLES, REMOVED, Project, app_messages, changed, example_app, only, stack_keys

CART = example_app("packaged")
LETTERS: dict[str, Any] = yaml.safe_load((EXAMPLES / "packaged/apps/letters.yaml").read_text(encoding="utf-8"))
CHART, OVERLAY = ("charts/cart/templates", "kustomize/base")
SHOP = example_app()
RUNS = "runs pods beside the release: what is released is one Deployment; make another one an app of its own"
OUT = "or leave it out: without:"
LEADS = (
    "leads to the pods of both versions, past the weights: the release has Services of its own for the port that "
    "receives the traffic"
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The example, to be changed."""
    made = Project(tmp_path)
    keys = stack_keys()
    keys["delivery"]["other_engines"] = ["flagger"]
    made.stack(keys)
    for folder in ("charts", "kustomize"):
        shutil.copytree(EXAMPLES / "packaged" / folder, tmp_path / folder)
    made.apps(CART)
    return made


def compiled(project: Project, *apps: dict[str, Any]) -> list[Compiled]:
    project.apps(*apps)
    return project.compile()


def said(project: Project, app: dict[str, Any]) -> list[str]:
    """What is wrong with an app, each as `path: message`."""
    project.apps(app)
    return [line.removeprefix("apps/app.yaml: ") for line in project.messages()]


def edit(project: Project, file: str, old: str, new: str) -> None:
    text = (project.root / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    project.write(file, text.replace(old, new))


def settings(made: Compiled) -> dict[str, Any]:
    return only(made.manifests, "ConfigMap")


def test_the_pods_of_a_chart_are_released_with_its_values(project: Project) -> None:
    made = compiled(project, CART)[0]
    rollout = only(made.manifests, "Rollout", "cart")
    pod = rollout["spec"]["template"]
    assert pod["spec"]["containers"][0]["image"] == "registry.example.com/cart:2.3.0"
    assert rollout["spec"]["replicas"] == CART["replicas"]
    assert pod["metadata"]["labels"]["app.kubernetes.io/instance"] == "cart"
    assert (pod["spec"]["serviceAccountName"], pod["spec"]["automountServiceAccountToken"]) == ("cart", False)
    assert made.plan.app.workload.shown_version == "2.3.0"


def test_a_stacks_values_merge_into_the_charts(project: Project) -> None:
    keys = stack_keys()
    keys["overrides"] = {"cart": {"workload": {"chart": {"values": {"settings": {"page_size": "50"}}}}}}
    project.stack(keys)
    assert settings(compiled(project, CART)[0])["data"] == {"PAGE_SIZE": "50"}
    wrong = {"cart": {"workload": {"chart": {"values": {"image": {"tag": "latest"}}}}}}
    project.stack({**keys, "overrides": wrong})
    [message] = project.messages()
    assert message.startswith(
        "apps/app.yaml: workload.chart: Deployment 'cart': spec.template.spec.containers[0].image: "
    )


def test_a_changed_configuration_of_a_chart_is_a_release(project: Project) -> None:
    before = compiled(project, CART)[0]
    after = compiled(project, changed(CART, "workload", "chart", "values", "settings", to={"page_size": "30"}))[0]
    assert before.plan.revision != after.plan.revision
    assert settings(before)["metadata"]["name"] != settings(after)["metadata"]["name"]
    container = only(after.manifests, "Rollout")["spec"]["template"]["spec"]["containers"][0]
    assert container["envFrom"] == [{"configMapRef": {"name": settings(after)["metadata"]["name"]}}]


def test_a_configuration_that_others_read_too_keeps_its_name(project: Project) -> None:
    role = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}, rules: [{apiGroups: [''],"
    project.write(
        f"{CHART}/role.yaml", f"{role} resources: [configmaps], resourceNames: [cart-settings], verbs: [get]}}]}}"
    )
    assert settings(compiled(project, CART)[0])["metadata"]["name"] == "cart-settings"


def test_the_objects_around_the_pods_are_applied_in_the_apps_namespace_before_them(project: Project) -> None:
    made = compiled(project, CART)[0]
    kinds = [one["kind"] for one in made.manifests]
    assert kinds.index("ServiceAccount") < kinds.index("RoleBinding") < kinds.index("Rollout")
    role = only(made.manifests, "Role", "cart-leader")["metadata"]
    assert (role["namespace"], role["labels"]["coalmine.dev/owner"]) == ("cart", "team-storefront")
    assert made.notes[:3] == (
        "Deployment 'cart' is what is released; what the app says replaces its replicas",
        "Part of the version, as the pods read them: ConfigMap/cart-settings",
        "Applied as they are, before the release begins: ServiceAccount/cart, Role/cart-leader, "
        "RoleBinding/cart-leader",
    )


def test_an_overlay_is_released_by_flagger(project: Project) -> None:
    made = compiled(project, LETTERS)[0]
    deployment = only(made.manifests, "Deployment", "letters")
    pod = deployment["spec"]["template"]
    assert pod["spec"]["containers"][0]["image"] == "registry.example.com/letters:0.4.1"
    assert pod["metadata"]["labels"]["example.com/tier"] == "production"
    assert made.plan.app.workload.shown_version == "0.4.1"


def test_the_same_files_become_the_same_objects(project: Project) -> None:
    first, second = (compiled(project, CART, LETTERS) for _ in range(2))
    assert [one.manifests for one in first] == [one.manifests for one in second]


def test_an_app_without_a_stack_is_rendered_too(project: Project) -> None:
    [app] = load_app(project.root / "apps/app.yaml", project.root)
    assert app.spec.workload.pod_template is not None


def test_no_token_for_the_api_unless_the_chart_mounts_one(project: Project) -> None:
    edit(project, f"{CHART}/serviceaccount.yaml", "automountServiceAccountToken: false\n", "")
    pod = only(compiled(project, CART)[0].manifests, "Rollout")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True, "Kubernetes' own default, which the chart leaves"


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


OBJECTS: dict[str, tuple[Any, str]] = {
    "no object": ({}, "must have a text 'apiVersion'"),
    "no kind": ({"apiVersion": "v1"}, "must have a text 'kind'"),
    "no name": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "a"}},
        "must have a 'metadata.name'",
    ),
    "a number as a label": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"b": 1}}},
        "must have text in 'metadata.labels': write numbers and truths in quotes",
    ),
    "a Deployment": ({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}, RUNS),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_the_users_own_is_refused_where_it_stands(tmp_path: Path, name: str) -> None:
    one, message = OBJECTS[name]
    [found] = app_messages(tmp_path, changed(SHOP, "workload", "objects", to=[one]))
    assert found.startswith("workload.objects[0]: ")
    assert message in found


def test_an_object_of_the_users_own_is_applied_as_it_is(tmp_path: Path) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "most"}, "spec": {"hard": {"pods": "9"}}}
    twice = changed(SHOP, "workload", "objects", to=[quota, quota])
    assert app_messages(tmp_path, twice) == [
        "workload.objects[1]: is the object of that kind and name again, after the one at 0"
    ]
    project = Project(tmp_path)
    made = compiled(project, changed(SHOP, "workload", "objects", to=[quota]))[0]
    assert only(made.manifests, "ResourceQuota")["spec"] == quota["spec"]


def test_an_app_that_was_not_loaded_from_a_file_has_no_pods_yet(project: Project) -> None:

    delivery = project.load().spec.delivery
    with pytest.raises(SpecError, match="load it by load_stack, or give a 'pod_template'"):
        compile_app(LoadedApp(AppSpec.model_validate(CART), Origin("here")), delivery)
