"""The repository's program without the platform: an app, and who brings it to the cluster."""

import pulumi

from components import App, ByGit
from components.program import ClusterProvider, read_stack

stack = read_stack()
on_cluster = pulumi.ResourceOptions(provider=ClusterProvider(stack.spec.cluster))
for app in stack.apps:
    App(app.spec.name, app.spec, stack.spec.delivery, on_cluster, ByGit.of(stack.spec))
