"""The pieces that every local cluster has: etcd, the API server, its controllers, the scheduler, kwok, the pods."""

import sys
from functools import partial

from . import credentials
from .checks import accepts, answers
from .kwok import config_file
from .pieces import Piece
from .state import REPO, StateDir
from .tools import tool_path

POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
API_ENDPOINT = "10.244.254.1"
"""The API server behind the Service `kubernetes`: local, but not loopback, which EndpointSlices refuse."""

_ETCD = 2379
_LOOPBACK = "127.0.0.1"


def etcd(state: StateDir) -> Piece:
    """The database. Nothing is synced to disk: a local cluster need not outlive a power cut."""
    argv = (
        str(tool_path("etcd")),
        f"--data-dir={state.etcd}",
        f"--listen-client-urls=http://{_LOOPBACK}:{_ETCD}",
        f"--advertise-client-urls=http://{_LOOPBACK}:{_ETCD}",
        f"--listen-peer-urls=http://{_LOOPBACK}:2380",
        "--unsafe-no-fsync",
        "--quota-backend-bytes=4294967296",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=10m",
        "--log-level=warn",
    )
    return Piece("etcd", argv, partial(answers, _LOOPBACK, _ETCD, "/health"), _ETCD)


def api_server(state: StateDir) -> Piece:
    """The API server with RBAC; it makes its own certificate, so no tool is needed for that."""
    key = credentials.signing_key(state)
    argv = (
        str(tool_path("kube-apiserver")),
        f"--etcd-servers=http://{_LOOPBACK}:{_ETCD}",
        "--bind-address=0.0.0.0",
        f"--secure-port={credentials.INNER_PORT}",
        f"--advertise-address={API_ENDPOINT}",
        f"--cert-dir={state.certificates}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        "--authorization-mode=Node,RBAC",
        f"--token-auth-file={credentials.token_file(state)}",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--allow-privileged=true",
    )
    ready = partial(answers, _LOOPBACK, credentials.INNER_PORT, "/readyz", tls=True)
    return Piece("kube-apiserver", argv, ready, credentials.INNER_PORT)


def controller_manager(state: StateDir) -> Piece:
    """Kubernetes' own controllers, each with its own ServiceAccount's rights."""
    argv = (
        str(tool_path("kube-controller-manager")),
        f"--kubeconfig={credentials.kubeconfig_of(state, credentials.CONTROLLER_MANAGER)}",
        f"--root-ca-file={credentials.authority(state)}",
        f"--service-account-private-key-file={credentials.signing_key(state)}",
        "--use-service-account-credentials=true",
        # The default of 20 requests per second makes the start seconds longer.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
        "--leader-elect=false",
        f"--bind-address={_LOOPBACK}",
        "--secure-port=10257",
        # kwok renews node leases; a machine that was asleep must not lose its nodes.
        "--node-monitor-grace-period=24h",
    )
    return Piece("kube-controller-manager", argv, partial(answers, _LOOPBACK, 10257, "/healthz", tls=True), 10257)


def scheduler(state: StateDir) -> Piece:
    """The scheduler."""
    argv = (
        str(tool_path("kube-scheduler")),
        f"--kubeconfig={credentials.kubeconfig_of(state, credentials.SCHEDULER)}",
        "--leader-elect=false",
        f"--bind-address={_LOOPBACK}",
        "--secure-port=10259",
    )
    return Piece("kube-scheduler", argv, partial(answers, _LOOPBACK, 10259, "/healthz", tls=True), 10259)


def kwok(state: StateDir) -> Piece:
    """The kubelet of every node, for pods that are not programs of this machine."""
    argv = (
        str(tool_path("kwok")),
        f"--kubeconfig={state.inner_kubeconfig}",
        f"--config={config_file(state)}",
        "--manage-all-nodes=true",
        "--node-lease-duration-seconds=40",
        f"--node-ip={API_ENDPOINT}",
        f"--server-address={_LOOPBACK}:10247",
        "-v=WARN",
    )
    return Piece("kwok", argv, partial(answers, _LOOPBACK, 10247, "/healthz"), 10247)


def pods(state: StateDir) -> Piece:
    """The process that answers for every app's pods."""
    from .pods.control import PORT

    argv = (sys.executable, "-m", "localcluster.pods", str(state.inner_kubeconfig))
    return Piece("pods", argv, partial(accepts, _LOOPBACK, PORT), PORT, {"PYTHONPATH": str(REPO)})


DATABASE = (etcd,)
SERVER = (api_server,)
CONTROLLERS = (controller_manager, scheduler, kwok, pods)
"""What starts together, one group after the other: each group needs the one before it."""

TOOLS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
"""The tools of the control plane, for a look before anything is started."""
