"""The kubelet's part for the pods that run as processes: volumes, environment, start, readiness, end."""
