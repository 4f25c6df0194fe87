"""Stand-in for pulumi-language-python and pulumi-analyzer-policy-python.

Upstream source: sdk/python/cmd/pulumi-language-python and sdk/python/toolchain of github.com/pulumi/pulumi.
"""
