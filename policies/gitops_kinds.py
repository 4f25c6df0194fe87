"""What GitOps engines look after: Argo CD's kinds, and Flux's."""

from .facts import Kind

APP = Kind("argoproj.io", "Application")
APP_SET = Kind("argoproj.io", "ApplicationSet")
APP_PROJECT = Kind("argoproj.io", "AppProject")
KUSTOMIZATION = Kind("kustomize.toolkit.fluxcd.io", "Kustomization")
RELEASE = Kind("helm.toolkit.fluxcd.io", "HelmRelease")
GIT = Kind("source.toolkit.fluxcd.io", "GitRepository")
HELM = Kind("source.toolkit.fluxcd.io", "HelmRepository")
OCI = Kind("source.toolkit.fluxcd.io", "OCIRepository")
BUCKET = Kind("source.toolkit.fluxcd.io", "Bucket")
