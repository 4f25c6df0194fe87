"""Stand-in for pulumi-resource-kubernetes: keeps the observed behaviour of the official provider for plain resources.

Upstream source of the behaviour: provider/pkg of github.com/pulumi/pulumi-kubernetes.
"""
