"""Pods at the edges of the Pod Security Standards: what is expected of the rules, and asked of the real admission."""

from typing import Any

Pod = dict[str, Any]

_CONTEXT = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def _pod(context: Pod | None = None, container: Pod | None = None, **spec: Any) -> Pod:
    one = {"name": "main", "image": "example.com/app:1.0.0", "securityContext": {**_CONTEXT, **(context or {})}}
    return {"containers": [{**one, **(container or {})}], **spec}


def _volume(**source: Any) -> Pod:
    return _pod(volumes=[{"name": "data", **source}])


PODS: dict[str, tuple[str, Pod]] = {
    "all that is asked": ("restricted", _pod()),
    "asked of the pod as a whole": (
        "restricted",
        _pod(
            {"runAsNonRoot": None, "seccompProfile": None},
            securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "Localhost", "localhostProfile": "a"}},
        ),
    ),
    "may bind low ports": ("restricted", _pod({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}})),
    "secrets and scratch": ("restricted", _volume(emptyDir={})),
    "nothing said": ("baseline", {"containers": [{"name": "main", "image": "example.com/app:1.0.0"}]}),
    "may be root": ("baseline", _pod({"runAsNonRoot": False})),
    "is root": ("baseline", _pod({"runAsUser": 0, "runAsNonRoot": None}, securityContext={"runAsNonRoot": False})),
    "may escalate": ("baseline", _pod({"allowPrivilegeEscalation": True})),
    "keeps capabilities": ("baseline", _pod({"capabilities": {}})),
    "adds a common capability": ("baseline", _pod({"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}})),
    "no seccomp": ("baseline", _pod({"seccompProfile": None})),
    "a volume of a node-bound kind": ("baseline", _volume(nfs={"server": "nfs.example.com", "path": "/"})),
    "one lax init container": (
        "baseline",
        _pod(initContainers=[{"name": "first", "image": "example.com/first:1.0.0"}]),
    ),
    "adds a strong capability": ("privileged", _pod({"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}})),
    "privileged": ("privileged", _pod({"privileged": True, "allowPrivilegeEscalation": True})),
    "on the host's network": ("privileged", _pod(hostNetwork=True)),
    "a folder of the host": ("privileged", _volume(hostPath={"path": "/"})),
    "a port of the host": ("privileged", _pod(container={"ports": [{"containerPort": 80, "hostPort": 80}]})),
    "unconfined": ("privileged", _pod({"seccompProfile": {"type": "Unconfined"}})),
    "an unsafe sysctl": (
        "privileged",
        _pod(securityContext={"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}),
    ),
    "a safe sysctl": (
        "restricted",
        _pod(securityContext={"sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]}),
    ),
    "probes another host": (
        "privileged",
        _pod(container={"livenessProbe": {"tcpSocket": {"port": 80, "host": "192.0.2.1"}}}),
    ),
}
