"""Fields of pods that Flagger would drop are refused, wherever they stand."""

from typing import Any

import pytest

from components.compile import compile_app
from components.discovery import discover
from components.engines.flagger.pod_fields import dropped_fields
from components.spec.app import AppSpec
from components.spec.cluster import DeliverySpec
from components.spec.errors import SpecError
from components.spec.load import LoadedApp
from components.spec.origin import Origin

SLEEP = {"preStop": {"sleep": {"seconds": 5}}}


def _template(**spec: Any) -> dict[str, Any]:
    container = {"name": "web", "image": "registry.example.com/web:1.0.0", "ports": [{"containerPort": 8080}]}
    return {"spec": {"containers": [container], **spec}}


def _compile(engine: str, template: dict[str, Any]) -> None:
    discover()
    app = {
        "name": "shop",
        "namespace": "shop",
        "owner": "team-shop",
        "replicas": 4,
        "workload": {"pod_template": template, "port": 8080, "version": "1.0.0"},
        "traffic": {"hosts": ["shop.example.com"]},
        "delivery": {
            "steps": [{"weight": 5, "hold": "5m"}, {"weight": 50, "hold": "5m"}],
            "analysis": {"interval": "5m", "checks": [{"kind": "error_rate", "max": "1%"}]},
        },
    }
    delivery = DeliverySpec.model_validate({"engine": engine, "router": "istio", "metrics": "prometheus"})
    compile_app(LoadedApp(AppSpec.model_validate(app), Origin("apps/shop.yaml")), delivery)


CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a sidecar, which would never end as an init container": (
        {"initContainers": [{"name": "proxy", "image": "registry.example.com/proxy:1", "restartPolicy": "Always"}]},
        "spec.initContainers.0.restartPolicy",
    ),
    "a wait before the end": (
        {"containers": [{"name": "web", "image": "registry.example.com/web:1", "lifecycle": SLEEP}]},
        "spec.containers.0.lifecycle.preStop.sleep",
    ),
    "a profile of the pod": (
        {"securityContext": {"appArmorProfile": {"type": "RuntimeDefault"}}},
        "spec.securityContext.appArmorProfile",
    ),
    "a volume made of an image": ({"volumes": [{"name": "a", "image": {"reference": "b"}}]}, "spec.volumes.0.image"),
    "a key of an affinity": (
        {
            "affinity": {
                "podAntiAffinity": {
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        {"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "matchLabelKeys": ["version"]}}
                    ]
                }
            }
        },
        "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution.0.podAffinityTerm.matchLabelKeys",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_field_that_would_be_dropped_is_found_where_it_stands(name: str) -> None:
    spec, path = CASES[name]
    assert [".".join(map(str, found)) for found, _ in dropped_fields(_template(**spec))] == [path]


def test_fields_of_the_same_names_that_are_known_are_not() -> None:
    known = _template(
        restartPolicy="Always",
        volumes=[{"name": "a", "emptyDir": {}}],
        topologySpreadConstraints=[{"maxSkew": 1, "matchLabelKeys": ["version"]}],
    )
    known["spec"]["containers"][0] |= {"resources": {"requests": {"cpu": "1"}}, "lifecycle": {"preStop": {"exec": {}}}}
    assert list(dropped_fields(known)) == []


def test_it_is_refused_on_flagger_alone_with_path_and_reason() -> None:
    template = _template()
    template["spec"]["containers"][0]["lifecycle"] = SLEEP
    _compile("argo-rollouts", template)
    with pytest.raises(SpecError) as refused:
        _compile("flagger", template)
    assert str(refused.value) == (
        "apps/shop.yaml: workload.pod_template.spec.containers[0].lifecycle.preStop.sleep: engine 'flagger' drops it: "
        "it knows the fields of Kubernetes 1.27 only"
    )
