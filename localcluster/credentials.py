"""Keys, tokens and kubeconfigs of a local cluster.

The API server makes its own serving certificate; administrators and the control plane's parts prove themselves by
tokens; the key that signs ServiceAccount tokens is a P-256 key, which needs nothing but random bytes to make.
"""

import base64
import json
import secrets
from pathlib import Path

from .api import Api, Object, open_api
from .state import StateDir, write_private

# user name -> groups. The names are those that Kubernetes' own RBAC bootstrap knows.
USERS = {
    "coalmine-admin": ("system:masters",),
    "system:kube-controller-manager": (),
    "system:kube-scheduler": (),
}
ADMIN = "coalmine-admin"
CONTROLLER_MANAGER = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"

INNER_ADDRESS = "10.96.0.1"
INNER_PORT = 6443

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_OBJECT_ID = bytes.fromhex("06082a8648ce3d030107")


def make(state: StateDir) -> None:
    """Write the signing key and the tokens, unless they are there."""
    if not signing_key(state).is_file():
        write_private(signing_key(state), _signing_key_pem())
    if not token_file(state).is_file():
        lines = [
            ",".join([secrets.token_urlsafe(32), user, user, f'"{",".join(groups)}"']) for user, groups in USERS.items()
        ]
        write_private(token_file(state), "\n".join(lines) + "\n")


def signing_key(state: StateDir) -> Path:
    """The key that signs ServiceAccount tokens."""
    return state.secrets / "service-account.key"


def token_file(state: StateDir) -> Path:
    """The API server's table of tokens."""
    return state.secrets / "tokens.csv"


def authority(state: StateDir) -> Path:
    """The certificates that clients trust; there once the API server has started."""
    return state.certificates / "apiserver.crt"


def kubeconfig_of(state: StateDir, user: str) -> Path:
    """The kubeconfig of one of the control plane's parts, for use inside the namespace."""
    return state.secrets / f"{user.removeprefix('system:')}.kubeconfig"


def write_kubeconfigs(state: StateDir, outside_port: int) -> None:
    """Write the administrator's kubeconfigs and those of the control plane's parts."""
    inside = f"https://{INNER_ADDRESS}:{INNER_PORT}"
    tokens = _tokens(state)
    # "localhost" is the name that the API server puts into the certificate it makes.
    outside = f"https://localhost:{outside_port}"
    write_private(state.kubeconfig, _kubeconfig(state, outside, ADMIN, tokens[ADMIN]))
    write_private(state.inner_kubeconfig, _kubeconfig(state, inside, ADMIN, tokens[ADMIN]))
    for user in (CONTROLLER_MANAGER, SCHEDULER):
        write_private(kubeconfig_of(state, user), _kubeconfig(state, inside, user, tokens[user]))


def inner_api(state: StateDir) -> Api:
    """An administrator's client for programs inside the namespace."""
    return open_api(state.inner_kubeconfig)


def _tokens(state: StateDir) -> dict[str, str]:
    rows = (line.split(",") for line in token_file(state).read_text().splitlines())
    return {row[1]: row[0] for row in rows}


def _kubeconfig(state: StateDir, server: str, user: str, token: str) -> str:
    name = f"coalmine-{state.name}"
    config: Object = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority": str(authority(state))}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user}}],
        "current-context": name,
    }
    return json.dumps(config, indent=2) + "\n"


def _signing_key_pem() -> str:
    scalar = 1 + secrets.randbelow(_P256_ORDER - 1)
    # ECPrivateKey of RFC 5915 without the optional public key, which readers derive.
    body = b"\x02\x01\x01" + _element(0x04, scalar.to_bytes(32, "big")) + _element(0xA0, _P256_OBJECT_ID)
    text = base64.b64encode(_element(0x30, body)).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text[:64]}\n{text[64:]}\n-----END EC PRIVATE KEY-----\n"


def _element(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content
