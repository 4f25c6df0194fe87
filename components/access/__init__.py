"""How a cluster is reached: kubeconfigs, and a small client of the Kubernetes API."""
