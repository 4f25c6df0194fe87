"""What a Knative Service does not take of an app's pods, unless a cluster's operators change its features.

Source: knative.dev/serving v0.44, pkg/apis/serving/fieldmask.go, k8s_validation.go and pkg/apis/config/features.go.
"""

from collections.abc import Iterator
from posixpath import normpath

from ..plan import Path, Plan
from ..spec.base import Finding
from ..spec.container import PodField, Volume
from ..spec.workload import Workload
from .names import ITS_FOLDERS, ITS_PORTS, ITS_VARIABLES, PORT_NAMES, SAID_ELSEWHERE
from .templates import template_problems

_OUT = "leave it out"


def pod_problems(plan: Plan) -> Iterator[Finding]:
    """Path and message of everything that was asked for and cannot be kept."""
    work = plan.app.workload
    if plan.on_every_node:
        yield ("workload", "kind"), "Knative runs as many pods as the requests need: use 'deployment'"
    yield from _of_all(plan, work)
    if work.pod_template is None:
        yield from _of_short_form(plan, work)
    else:
        for path, message in template_problems(work.pod_template, plan.port):
            yield ("workload", "pod_template", *path), message


def _of_all(plan: Plan, work: Workload) -> Iterator[Finding]:
    for name in work.annotations:
        if name in SAID_ELSEWHERE:
            yield ("workload", "annotations", name), f"is made of {SAID_ELSEWHERE[name]}: write it there"
    if "min_ready" in work.model_fields_set:
        yield ("workload", "min_ready"), f"a pod of Knative's gets requests as soon as it is ready: {_OUT}"
    port: Path = ("workload", "ports", 0) if work.ports else ("workload",)
    if plan.port.port in ITS_PORTS:
        yield (*port, "port"), f"{plan.port.port} is a port of Knative's own proxy: listen on another one"
    if plan.port.name not in PORT_NAMES:
        known = "'http' or 'http1' for HTTP/1, 'h2c' for HTTP/2"
        yield (*port, "name"), f"Knative reads off the name what is spoken: {known}"


def _of_short_form(plan: Plan, work: Workload) -> Iterator[Finding]:
    for index in range(1, len(work.ports)):
        yield ("workload", "ports", index), f"a revision listens on one port: {_OUT}"
    yield from _of_variables(work)
    for index, volume in enumerate(work.volumes):
        yield from ((("workload", "volumes", index, *path), message) for path, message in _of_volume(volume))
    if work.security.fs_group is not None:
        yield ("workload", "security", "fs_group"), f"Knative sets no group of volumes: {_OUT}"
    if work.security.add_capabilities:
        yield ("workload", "security", "add_capabilities"), f"Knative adds no capabilities: {_OUT}"
    if "termination_grace" in work.model_fields_set:
        why = "Knative gives a pod that ends the time that a request may take"
        yield ("workload", "termination_grace"), f"{why}: give traffic.timeout instead"
    for field in sorted(plan.app.disruption.model_fields_set & {"zones", "nodes"}):
        yield ("disruption", field), f"Knative says nothing of where pods stand: {_OUT}"


def _of_variables(work: Workload) -> Iterator[Finding]:
    if work.telemetry:
        yield ("workload", "telemetry"), f"Knative gives no fields of the pod, like its version: {_OUT}"
    for name, value in work.env.items():
        if name in ITS_VARIABLES:
            yield ("workload", "env", name), "is set by Knative: choose another name"
        elif isinstance(value, PodField):
            yield ("workload", "env", name), f"Knative gives no fields of the pod: {_OUT}"


def _of_volume(volume: Volume) -> Iterator[Finding]:
    if volume.claim:
        yield ("claim",), "Knative mounts no claims: keep the data in a service beside the app"
    if volume.read_only is False and (volume.config or volume.secret):
        yield ("read_only",), f"Knative mounts config and secret read-only: {_OUT}"
    if normpath(volume.mount) in ITS_FOLDERS:
        yield ("mount",), f"Knative mounts nothing at '{normpath(volume.mount)}': choose a folder of the app's own"
