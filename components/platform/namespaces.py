"""Every namespace of a stack: those of the platform's pieces, and those of the apps."""

from collections.abc import Iterable, Mapping

from ..manifests.meta import Manifest
from ..manifests.pod import pod_template
from ..spec.app import AppSpec
from ..spec.cluster import StackSpec
from .piece import pieces_of, pod_security
from .pod_standard import laxest, level

APPS_LABEL = {"coalmine.dev/apps": "true"}
"""Marks the namespaces that hold apps; metrics are collected from their pods."""

ADMISSION_LABEL = "coalmine.dev/admission"
"""Says what breaking a rule does in a namespace; the policies that the piece `admission` installs ask for it."""

OF_KUBERNETES = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})
"""Namespaces that every cluster has; a stack can neither make nor delete them."""


def namespaces(stack: StackSpec, apps: Iterable[AppSpec]) -> list[Manifest]:
    """The Namespaces of a stack in alphabetical order.

    One of apps is `restricted`, unless the workload of an app in it asks for more; so is that of what else comes
    from Git.
    """
    labels: dict[str, Mapping[str, str]] = {}
    for piece in pieces_of(stack):
        labels.update(piece.namespaces(stack))
    by_namespace: dict[str, list[AppSpec]] = {}
    for app in apps:
        by_namespace.setdefault(app.namespace, []).append(app)
    for name, inside in by_namespace.items():
        standard = laxest(level(pod_template(app)["spec"]) for app in inside)
        labels[name] = {**pod_security(standard), **APPS_LABEL, **_mesh(stack), **_admission(stack, name)}
    for name, standards in _brought(stack).items():
        standards += [level(pod_template(app)["spec"]) for app in by_namespace.get(name, ())]
        labels[name] = {**labels.get(name, {}), **pod_security(laxest(iter(standards)))}
    return [_namespace(name, labels[name]) for name in sorted(labels)]


def _brought(stack: StackSpec) -> Mapping[str, list[str]]:
    """By namespace of what the GitOps engine brings beside the apps, the standards that are asked for."""
    found: dict[str, list[str]] = {}
    for _, namespace, standard in stack.gitops.brought if stack.gitops else ():
        found.setdefault(namespace, []).append(standard)
    return found


def _mesh(stack: StackSpec) -> dict[str, str]:
    sidecars = "istio" in stack.delivery.routers and stack.platform.istio.sidecars
    return {"istio-injection": "enabled"} if sidecars else {}


def _admission(stack: StackSpec, name: str) -> dict[str, str]:
    level = stack.platform.admission.namespaces.get(name)
    return {ADMISSION_LABEL: level} if level else {}


def _namespace(name: str, labels: Mapping[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
