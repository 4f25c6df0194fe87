"""Kubernetes objects that do not depend on the engine or the router: pods, services, scaling, disruption."""
