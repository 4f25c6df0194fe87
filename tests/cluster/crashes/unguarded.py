"""This repository's program with a plain provider, for controls; `control:upsert`: one that takes everything over."""

import pulumi
import pulumi_kubernetes

from components import App, Platform
from components.program import read_stack

stack = read_stack()
upsert = pulumi.Config("control").get_bool("upsert") or False
provider = pulumi_kubernetes.Provider("plain", cluster_identifier="plain", upsert_existing_objects=upsert)
on_cluster = pulumi.ResourceOptions(provider=provider)
platform = Platform("platform", stack.spec, [app.spec for app in stack.apps], on_cluster)
after = pulumi.ResourceOptions(provider=provider, depends_on=[platform])
for app in stack.apps:
    App(app.spec.name, app.spec, stack.spec.delivery, after)
