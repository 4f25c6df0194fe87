"""Which Pod Security Standard a pod meets, so that a namespace admits its apps and nothing laxer.

Source: kubernetes.io/docs/concepts/security/pod-security-standards (v1.36). Rules for Windows pods are left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any

LEVELS = ("restricted", "baseline", "privileged")
"""From strict to lax."""

_BASELINE_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
_RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_RESTRICTED_VOLUMES = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
_SAFE_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    }
)
_SELINUX_TYPES = frozenset({"container_t", "container_init_t", "container_kvm_t", "container_engine_t"})

Spec = Mapping[str, Any]


def laxest(levels: Iterator[str]) -> str:
    """The strictest standard that admits all; restricted where there is nothing to admit."""
    return max(levels, key=LEVELS.index, default=LEVELS[0])


def level(pod: Spec) -> str:
    """The strictest standard that a pod spec meets."""
    if not _is_baseline(pod):
        return "privileged"
    return "restricted" if _is_restricted(pod) else "baseline"


def _is_baseline(pod: Spec) -> bool:
    shared = any(pod.get(field) for field in ("hostNetwork", "hostPID", "hostIPC"))
    paths = any("hostPath" in volume for volume in pod.get("volumes") or [])
    contexts = [_security(pod), *(_security(container) for container in _containers(pod))]
    return not shared and not paths and all(map(_confined, contexts)) and all(map(_unprivileged, _containers(pod)))


def _confined(context: Spec) -> bool:
    selinux = context.get("seLinuxOptions") or {}
    return (
        _type(context, "seccompProfile") != "Unconfined"
        and _type(context, "appArmorProfile") != "Unconfined"
        and selinux.get("type", "container_t") in _SELINUX_TYPES
        and not selinux.get("user")
        and not selinux.get("role")
        and all(sysctl["name"] in _SAFE_SYSCTLS for sysctl in context.get("sysctls") or [])
    )


def _unprivileged(container: Spec) -> bool:
    context = _security(container)
    return (
        not context.get("privileged")
        and context.get("procMount", "Default") == "Default"
        and _added(context) <= _BASELINE_CAPABILITIES
        and not any(port.get("hostPort") for port in container.get("ports") or [])
        and not any(_names_host(probe) for probe in _probes(container))
    )


def _is_restricted(pod: Spec) -> bool:
    whole = _security(pod)
    kinds = {kind for volume in pod.get("volumes") or [] for kind in volume if kind != "name"}
    return (
        kinds <= _RESTRICTED_VOLUMES
        and whole.get("runAsUser") != 0
        and all(_dropped(_security(container), whole) for container in _containers(pod))
    )


def _dropped(context: Spec, whole: Spec) -> bool:
    seccomp = _type(context, "seccompProfile") or _type(whole, "seccompProfile")
    own = context.get("runAsNonRoot")
    return (
        context.get("allowPrivilegeEscalation") is False
        and "ALL" in ((context.get("capabilities") or {}).get("drop") or [])
        and _added(context) <= _RESTRICTED_CAPABILITIES
        and (whole.get("runAsNonRoot") if own is None else own) is True
        and context.get("runAsUser") != 0
        and seccomp in ("RuntimeDefault", "Localhost")
    )


def _containers(pod: Spec) -> list[Spec]:
    return [one for kind in ("initContainers", "containers", "ephemeralContainers") for one in pod.get(kind) or []]


def _probes(container: Spec) -> Iterator[Spec]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(name) or {}
    for name in ("postStart", "preStop"):
        yield (container.get("lifecycle") or {}).get(name) or {}


def _names_host(probe: Spec) -> bool:
    return any((probe.get(kind) or {}).get("host") for kind in ("httpGet", "tcpSocket"))


def _security(of: Spec) -> Spec:
    return of.get("securityContext") or {}


def _type(context: Spec, profile: str) -> str | None:
    return (context.get(profile) or {}).get("type")


def _added(context: Spec) -> set[str]:
    return set((context.get("capabilities") or {}).get("add") or [])
