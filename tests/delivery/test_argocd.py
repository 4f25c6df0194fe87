"""The real Argo CD brings what is committed to a real Git repository, and leaves a release that runs alone."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise

import pytest

from localcluster.api import path_of
from localcluster.cluster import Cluster
from tests.clusters import fresh_cluster

from .through_git import COMPARISONS, FIRST_WEIGHT, SHOP, Played, playing_through_git

_LOGIN = """\
import json, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
body = json.dumps({"username": "admin", "password": sys.stdin.read()}).encode()
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
try:
    print(urllib.request.urlopen(request, timeout=10, context=context).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """The releases, played in a cluster of their own."""
    with (
        fresh_cluster(request, "argocd") as cluster,
        playing_through_git(cluster, tmp_path_factory.mktemp("argocd")) as everything,
    ):
        yield everything


def test_a_commit_with_a_good_version_is_released_and_promoted(played: Played) -> None:
    last = played.good[-1]
    assert (last.release.phase, last.release.version, last.health) == ("Healthy", "2.0.0", "Healthy")
    assert {look.weight for look in played.good + played.healed} >= {weight for weight, _ in SHOP.steps}


def test_in_the_middle_of_a_canary_the_application_is_synced_and_the_weights_stay(played: Played) -> None:
    """Argo CD has compared several times at a weight that Git does not know."""
    begun = next(index for index, look in enumerate(played.good) if look.weight == FIRST_WEIGHT)
    since = played.good[begun].compared
    midway = [look for look in played.good[begun:] if look.weight == FIRST_WEIGHT and look.compared > since]
    assert len({look.compared for look in midway}) >= COMPARISONS, "Argo CD did not look often enough to say anything"
    assert {look.sync for look in midway} == {"Synced"}
    assert {look.health for look in midway} <= {"Progressing", "Suspended"}
    weights = [look.weight for look in played.good[begun:]]
    falls = [pair for pair in pairwise(weights) if pair[1] < pair[0]]
    assert [fall[1] for fall in falls] in ([], [0]), f"the weights went back in the middle of the release: {weights}"


def test_what_somebody_changes_by_hand_is_healed_and_the_weights_stay(played: Played) -> None:
    """The control of the one above: self-heal is on, and a sync in the middle of a canary moves no weight."""
    before, after = played.healed[0], played.healed[-1]
    assert before.synced != after.synced, "nothing was synced"
    assert before.hosts == after.hosts
    assert {look.weight for look in played.healed} == {FIRST_WEIGHT}


def test_pulumi_has_nothing_to_do_in_the_middle_of_the_canary(played: Played) -> None:
    assert not played.preview


def test_a_commit_with_a_bad_version_is_taken_back_and_the_application_is_degraded(played: Played) -> None:
    last = played.bad[-1]
    assert (last.release.aborted, last.release.version, last.weight) == (True, "3.0.0", 0)
    assert (last.sync, last.health) == ("Synced", "Degraded")
    ended = [look for look in played.bad if look.release.aborted and look.weight == 0]
    assert len({look.compared for look in ended}) > COMPARISONS, "Argo CD did not look often enough to try it again"
    assert len({look.synced for look in ended}) == 1, "Argo CD brought the bad version again"


def test_a_commit_that_takes_it_back_makes_the_application_healthy(played: Played) -> None:
    last = played.reverted[-1]
    assert (last.sync, last.health, last.release.version) == ("Synced", "Healthy", "2.0.0")
    assert {look.weight for look in played.reverted} == {0}, "users of the stable version were released to again"


def test_admin_has_the_password_that_pulumi_generated_and_no_other(played: Played) -> None:
    password = _secret(played, "argocd-admin")["password"]
    assert (_log_in(played.cluster, password), _log_in(played.cluster, "admin")) == (200, 401)
    names = {item["metadata"]["name"] for item in played.cluster.api.items(path_of("v1/secrets", "argocd"))}
    assert "argocd-initial-admin-secret" not in names, "Argo CD made a password up"


def test_no_password_of_argo_cd_stands_in_plain_text_in_pulumis_state(played: Played) -> None:
    own = _secret(played, "argocd-secret")
    texts = [
        _secret(played, "argocd-admin")["password"],
        _secret(played, "argocd-redis")["auth"],
        own["admin.password"],
        own["server.secretkey"],
    ]
    assert "argocd-redis" in played.state
    for text in texts:
        assert text not in played.state
        assert base64.b64encode(text.encode()).decode() not in played.state


def _secret(played: Played, name: str) -> dict[str, str]:
    found = played.cluster.api.get(path_of("v1/secrets", "argocd", name))["data"]
    return {key: base64.b64decode(text).decode() for key, text in found.items()}


def _log_in(cluster: Cluster, password: str) -> int:
    """What Argo CD's API server answers to a log-in."""
    status = cluster.status()
    assert status is not None
    [port] = [piece.port for piece in status.pieces if piece.name == "argocd-server"]
    address = f"https://argocd-server.argocd.svc:{port}/api/v1/session"
    command = cluster.inside([sys.executable, "-c", _LOGIN, address])
    ran = subprocess.run(
        command, input=password, env=cluster.inner_environment(), capture_output=True, text=True, check=True
    )
    return int(json.loads(ran.stdout))
