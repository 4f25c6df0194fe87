"""Stand-in for pulumi-resource-kubernetes."""
