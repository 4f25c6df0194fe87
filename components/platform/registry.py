"""Asks registries for the digests of images, as anybody may ask: the read half of the OCI distribution API.

Source: github.com/opencontainers/distribution-spec (Pulling manifests), distribution.github.io/distribution/spec/auth.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

_SECONDS = 20
_LARGEST = 4 * 1024 * 1024
"""Bytes of a manifest that registries take."""
_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_DOCKER_HUB = {"docker.io": "registry-1.docker.io"}
"""Where a registry answers, if not under the name that images have."""
_ON_THIS_MACHINE = re.compile(r"(localhost|127\.\d+\.\d+\.\d+)(:\d+)?")
"""Registries that are asked without TLS, as container engines do."""

_LOCKED = "{} may not be read without a password: allow anonymous reading, or write its digest into the file yourself"


class RegistryError(Exception):
    """An image's digest is not to be had; one line that says why, and what to do."""


def digest_of(image: str) -> str:
    """`sha256:...` of the manifest that a tagged image has now, checked against its content. Raises RegistryError."""
    repository, _, tag = image.rpartition(":")
    host, _, path = repository.partition("/")
    scheme = "http" if _ON_THIS_MACHINE.fullmatch(host) else "https"
    address = f"{scheme}://{_DOCKER_HUB.get(host, host)}/v2/{path}/manifests/{tag}"
    try:
        status, headers, content = _asked(address, {"Accept": ", ".join(_MANIFESTS)})
        if status == 401:
            token = _token(headers.get("www-authenticate", ""), image)
            bearer = {"Accept": ", ".join(_MANIFESTS), "Authorization": f"Bearer {token}"}
            status, headers, content = _asked(address, bearer)
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        mend = "check the network and platform.mirror.images"
        raise RegistryError(f"{image} cannot be asked for ({reason}): {mend}") from None
    return _digest(image, status, headers, content)


def _digest(image: str, status: int, headers: Mapping[str, str], content: bytes) -> str:
    if status == 404:
        raise RegistryError(f"{image} is not there: copy it to that registry, or correct platform.mirror.images")
    if status in (401, 403):
        raise RegistryError(_LOCKED.format(image))
    if status != 200:
        raise RegistryError(f"{image}: the registry answers {status}: ask again later")
    if not _is_manifest(content):
        raise RegistryError(f"{image}: what answers is no registry, or sends no manifest: check platform.mirror.images")
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    said = headers.get("docker-content-digest", found)
    if said != found:
        raise RegistryError(f"{image}: the registry says {said} of content that is {found}: do not use this registry")
    return found


def _is_manifest(content: bytes) -> bool:
    try:
        said = json.loads(content)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("schemaVersion") == 2


def _token(challenge: str, image: str) -> str:
    """What the registry's token service gives anybody. Raises RegistryError."""
    scheme, _, rest = challenge.partition(" ")
    given = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    realm = given.get("realm", "")
    status, content = 0, b""
    if scheme.lower() == "bearer" and realm.startswith(("https://", "http://")):
        query = urlencode({key: given[key] for key in ("service", "scope") if key in given})
        status, _, content = _asked(f"{realm}?{query}", {})
    said: Any = json.loads(content) if status == 200 else {}
    token = said.get("token") or said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(token, str):
        raise RegistryError(_LOCKED.format(image))
    return token


def _asked(address: str, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers in small letters, and content. Raises OSError."""
    # Only here: the commands that work offline import this file.
    import urllib.error
    import urllib.request

    request = urllib.request.Request(address, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            named = {key.lower(): value for key, value in answer.headers.items()}
            return answer.status, named, answer.read(_LARGEST + 1)
    except urllib.error.HTTPError as error:
        return error.code, {key.lower(): value for key, value in error.headers.items()}, b""
