"""Charts and overlays as workloads: what of them is released, and what is applied beside."""

import pytest

from components.compile import compile_app
from components.spec.app import AppSpec
from components.spec.errors import SpecError
from components.spec.load import LoadedApp, load_app
from components.spec.origin import Origin
from tests.specs import Project, changed, only, stack_keys

from .packaged import CART, CHART, LETTERS, compiled, edit, settings
from .packaged import project as project


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


def test_an_app_that_was_not_loaded_from_a_file_has_no_pods_yet(project: Project) -> None:

    delivery = project.load().spec.delivery
    with pytest.raises(SpecError, match="load it by load_stack, or give a 'pod_template'"):
        compile_app(LoadedApp(AppSpec.model_validate(CART), Origin("here")), delivery)
