"""The Pulumi program: one cluster's platform, then the apps that are released on it."""

import gc

import pulumi

from components import App, ByGit, Platform
from components.program import ClusterProvider, read_stack

# Specs and requests hold no cycles worth looking for: the search cost a tenth of the program's time.
gc.set_threshold(100_000)
stack = read_stack()
provider = ClusterProvider(stack.spec.cluster)
on_cluster = pulumi.ResourceOptions(provider=provider)

platform = Platform("platform", stack.spec, [app.spec for app in stack.apps], on_cluster)
after_platform = pulumi.ResourceOptions(provider=provider, depends_on=[platform])
by_git = ByGit.of(stack.spec)
apps = {app.spec.name: App(app.spec.name, app.spec, stack.spec.delivery, after_platform, by_git) for app in stack.apps}

pulumi.export("cluster", stack.spec.cluster.name)
pulumi.export("platform", platform.pieces)
pulumi.export("apps", {name: {"version": app.version, "hosts": app.hosts} for name, app in apps.items()})
# Where to look, and what to type; `pulumi stack output commands` shows them again.
for name in ("bundle", "versions", "urls", "dashboards", "commands"):
    pulumi.export(name, getattr(platform, name))
# `pulumi up` returns when releases have begun: these commands follow them.
pulumi.export("watch", {name: app.watch for name, app in apps.items()})
