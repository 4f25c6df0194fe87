"""The local cluster: a real control plane and data plane on one machine, without containers."""
