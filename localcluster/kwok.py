"""What kwok does to nodes and pods: its stages.

A pod runs as soon as it is scheduled, becomes Ready a second after the pods process listens for it, and is gone a
second and a half after it is deleted: endpoints are in the data plane only while somebody answers. Pods of programs
(see programs/) are left alone: the agent reports them. A pod annotated `local.coalmine.dev/ready: "never"` runs but
never becomes Ready.

Stage fields and template functions: kwok's Stage API, kwok.x-k8s.io/v1alpha1.
"""

import json
from pathlib import Path

from .api import Object
from .programs import image_pattern
from .state import StateDir

READY_MILLISECONDS = 1000
DELETE_MILLISECONDS = 1500

NEVER_READY = "local.coalmine.dev/ready"
LISTENING = "local.coalmine.dev/listening"
"""On a pod that is answered for: the address."""

_IS_READY = '.status.conditions.[] | select( .type == "Ready" ) | .status'

_NODE_STATUS = """
{{ $now := Now }}
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
- type: InternalIP
  address: {{ NodeIP | Quote }}
- type: Hostname
  address: {{ .metadata.name | Quote }}
nodeInfo:
  architecture: amd64
  bootID: ""
  containerRuntimeVersion: {{ printf "kwok-%s" Version | Quote }}
  kernelVersion: {{ printf "kwok-%s" Version | Quote }}
  kubeProxyVersion: {{ printf "kwok-%s" Version | Quote }}
  kubeletVersion: {{ printf "kwok-%s" Version | Quote }}
  machineID: ""
  operatingSystem: linux
  osImage: ""
  systemUUID: ""
"""

# READY stands for True or False: whether the containers are ready.
_CONDITIONS = """
{{ $now := Now }}
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }}}
- {type: ContainersReady, status: "READY", lastTransitionTime: {{ $now | Quote }}}
- {type: Ready, status: "READY", lastTransitionTime: {{ $now | Quote }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "READY", lastTransitionTime: {{ $now | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: {{ eq "READY" "True" }}
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
"""

_POD_STARTED = """
phase: Running
startTime: {{ Now | Quote }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" )
  ( or .metadata.namespace "" ) | Quote }}
initContainerStatuses:
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq .restartPolicy "Always" }}
  started: true
  state: {running: {startedAt: {{ Now | Quote }}}}
  {{ else }}
  state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }}}}
  {{ end }}
{{ end }}
"""


def config_file(state: StateDir) -> Path:
    """Write kwok's configuration and return where it is."""
    path = state.root / "kwok.yaml"
    path.write_text("\n---\n".join(json.dumps(stage, indent=1) for stage in stages()))
    return path


def stages() -> list[Object]:
    """Every stage."""
    return [_node(), _pod_started(), _pod_ready(), _pod_complete(), _pod_delete()]


def _node() -> Object:
    matches = [{"key": _IS_READY, "operator": "NotIn", "values": ["True"]}]
    return _stage("node-initialize", "Node", matches, {"statusTemplate": _NODE_STATUS})


def _pod_started() -> Object:
    matches = [_alive(), _foreign(), _phase("Pending")]
    return _stage("pod-started", "Pod", matches, {"statusTemplate": f"{_conditions('False')}{_POD_STARTED}"})


def _pod_ready() -> Object:
    unready = {"key": _IS_READY, "operator": "NotIn", "values": ["True"]}
    listening = {"key": f'.metadata.annotations["{LISTENING}"]', "operator": "Exists"}
    allowed = {"key": f'.metadata.annotations["{NEVER_READY}"]', "operator": "NotIn", "values": ["never"]}
    matches = [_alive(), _foreign(), _phase("Running"), unready, listening, allowed]
    return _stage("pod-ready", "Pod", matches, {"statusTemplate": _conditions("True")}, READY_MILLISECONDS)


def _pod_complete() -> Object:
    of_job = {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}
    template = "phase: Succeeded\n"
    matches = [_alive(), _foreign(), _phase("Running"), of_job]
    return _stage("pod-complete", "Pod", matches, {"statusTemplate": template}, READY_MILLISECONDS)


def _pod_delete() -> Object:
    matches = [{"key": ".metadata.deletionTimestamp", "operator": "Exists"}, _foreign()]
    return _stage("pod-delete", "Pod", matches, {"delete": True}, DELETE_MILLISECONDS)


def _alive() -> Object:
    return {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}


def _phase(phase: str) -> Object:
    return {"key": ".status.phase", "operator": "In", "values": [phase]}


def _foreign() -> Object:
    pattern = json.dumps(image_pattern())
    return {"key": f"[.spec.containers[].image | test({pattern})] | any", "operator": "In", "values": ["false"]}


def _stage(name: str, kind: str, matches: list[Object], following: Object, delay: int = 0) -> Object:
    spec: Object = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": matches},
        "next": following,
    }
    if delay:
        spec["delay"] = {"durationMilliseconds": delay}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _conditions(ready: str) -> str:
    return _CONDITIONS.replace("READY", ready)
