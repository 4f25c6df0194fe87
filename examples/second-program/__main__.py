"""A team's own Pulumi program: Coalmine's components from the package, beside whatever else the team manages."""

import pulumi
from coalmine import App, Platform
from coalmine.discovery import discover
from coalmine.program import ClusterProvider
from coalmine.spec.app import AppSpec
from coalmine.spec.cluster import StackSpec

version = pulumi.Config().require("version")

discover()  # the engines, routers and metric providers that the specs below may name
stack = StackSpec.model_validate(
    {
        "cluster": {"name": "webshop", "kubernetes": "1.36"},
        "delivery": {"engine": "argo-rollouts", "router": "istio", "metrics": "prometheus"},
    }
)
apps = [
    AppSpec.model_validate(
        {
            "name": name,
            "namespace": "webshop",
            "owner": "team-webshop",
            "replicas": replicas,
            "workload": {"image": f"registry.example.com/{name}:{version}", "port": 8080},
            "traffic": {"hosts": [f"{name}.example.com"]},
            "delivery": {
                "steps": [{"weight": weight, "hold": "5m"} for weight in (5, 25, 50)],
                "analysis": {
                    "checks": [
                        {"kind": "error_rate", "max": "1%"},
                        {"kind": "latency", "quantile": "p99", "max": "500ms"},
                    ]
                },
            },
        }
    )
    for name, replicas in (("catalogue", 6), ("basket", 4))
]

provider = ClusterProvider(stack.cluster)
platform = Platform("platform", stack, apps, pulumi.ResourceOptions(provider=provider))
after_platform = pulumi.ResourceOptions(provider=provider, depends_on=[platform])
running = {spec.name: App(spec.name, spec, stack.delivery, after_platform) for spec in apps}

pulumi.export("revisions", {name: app.revision for name, app in running.items()})
