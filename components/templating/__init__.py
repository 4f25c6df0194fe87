"""Runs the pinned helm and kustomize: files in, the text of Kubernetes objects out."""
