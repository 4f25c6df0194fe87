"""Digests of images, asked of a registry that stands in for a user's own: a real server, over real HTTP."""

import hashlib
from collections.abc import Iterator

import pytest

from components.platform.registry import RegistryError, digest_of
from tests.registries import Registry, registry


@pytest.fixture
def server() -> Iterator[Registry]:
    """An empty registry."""
    with registry() as made:
        yield made


def refused(image: str) -> str:
    """Why there is no digest of an image."""
    with pytest.raises(RegistryError) as raised:
        digest_of(image)
    return str(raised.value)


def test_the_digest_is_the_one_of_what_the_tag_names(server: Registry) -> None:
    digest = server.push("quay.io/argoproj/argo-rollouts:v1.9.3")
    assert digest_of(f"{server.name}/quay.io/argoproj/argo-rollouts:v1.9.3") == digest
    assert server.asked == ["/v2/quay.io/argoproj/argo-rollouts/manifests/v1.9.3"]


def test_a_token_that_anybody_gets_is_fetched(server: Registry) -> None:
    digest = server.push("tools/grafana:1.0.0")
    server.wants_a_token()
    assert digest_of(f"{server.name}/tools/grafana:1.0.0") == digest
    assert [path.partition("?")[0] for path in server.asked] == [
        "/v2/tools/grafana/manifests/1.0.0",
        "/token",
        "/v2/tools/grafana/manifests/1.0.0",
    ]


@pytest.mark.parametrize("challenge", ['Basic realm="registry"', "", 'Bearer realm="ftp://x"'])
def test_a_registry_that_asks_for_a_password_is_told_apart(server: Registry, challenge: str) -> None:
    server.push("tools/grafana:1.0.0")
    server.challenge = challenge or " "
    assert refused(f"{server.name}/tools/grafana:1.0.0").endswith(
        "tools/grafana:1.0.0 may not be read without a password: allow anonymous reading, or write its digest into the "
        "file yourself"
    )


def test_a_token_service_that_gives_nothing_is_a_registry_with_a_password(server: Registry) -> None:
    server.challenge = f'Bearer realm="http://{server.name}/token",service="another"'
    assert "may not be read without a password" in refused(f"{server.name}/tools/grafana:1.0.0")


def test_an_image_that_is_not_there_is_to_be_copied(server: Registry) -> None:
    image = f"{server.name}/tools/grafana:1.0.0"
    assert refused(image) == f"{image} is not there: copy it to that registry, or correct platform.mirror.images"


def test_a_digest_that_is_not_the_contents_is_refused(server: Registry) -> None:
    wrong = f"sha256:{'0' * 64}"
    right = server.push("tools/grafana:1.0.0", digest=wrong)
    assert f"the registry says {wrong} of content that is {right}" in refused(f"{server.name}/tools/grafana:1.0.0")


@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"[]", b'{"schemaVersion": 1}', b"\xff\xfe"])
def test_a_page_that_is_no_manifest_is_not_digested(server: Registry, content: bytes) -> None:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    server.answers["/v2/tools/grafana/manifests/1.0.0"] = (200, {"Docker-Content-Digest": digest}, content)
    assert "what answers is no registry, or sends no manifest" in refused(f"{server.name}/tools/grafana:1.0.0")


def test_a_registry_without_the_header_is_believed_by_its_content(server: Registry) -> None:
    content = b'{"schemaVersion": 2}'
    server.answers["/v2/tools/grafana/manifests/1.0.0"] = (200, {}, content)
    assert digest_of(f"{server.name}/tools/grafana:1.0.0") == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_a_registry_that_fails_or_is_away_is_told_in_one_line(server: Registry) -> None:
    server.answers["/v2/tools/grafana/manifests/1.0.0"] = (503, {}, b"")
    assert "the registry answers 503: ask again later" in refused(f"{server.name}/tools/grafana:1.0.0")
    away = refused("127.0.0.1:1/tools/grafana:1.0.0")
    assert away.startswith("127.0.0.1:1/tools/grafana:1.0.0 cannot be asked for (")
    assert away.endswith("): check the network and platform.mirror.images")
