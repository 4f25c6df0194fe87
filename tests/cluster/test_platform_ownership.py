"""In the middle of a canary: Pulumi sees no difference, users change everything that is theirs, weights stay.

The tests change one app one after the other; each leaves it as the next one finds it, in the middle of the canary.
"""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from components import bundles
from components.platform.bundle import bundle
from localcluster.api import Api, path_of
from localcluster.pods import behaviour

from .canary import APP, CANARY, HOST, NEW_HOST, RATE, ROLLOUT, SERVICES, SPACE, Midway, midway
from .crashes.stacks import owned
from .installed_platform import Installed
from .objects import is_ready, pods, wait_for
from .pulumi_runs import ROOT

WITHOUT_CONTRACT = '''
"""The repository's program, with Pulumi told of no field that controllers own, and nothing else changed."""

import runpy

from components.ownership import Ownership

Ownership.pulumi = {}
runpy.run_path("program.py", run_name="__main__")
'''


@pytest.fixture(scope="module")
def canary(with_platform: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Midway]:
    with midway(with_platform, tmp_path_factory.mktemp("midway")) as made:
        yield made


def refreshed(canary: Midway, folder: Path = ROOT) -> tuple[int, str]:
    """Compares the whole stack with what is live: exit code and text."""
    pulumi = replace(canary.installed.pulumi, folder=folder)
    ran = pulumi.run("preview", "--refresh", "--expect-no-changes", "--diff", config=canary.file())
    return ran.code, ran.text


def test_a_refresh_of_the_whole_stack_shows_nothing(canary: Midway) -> None:
    code, text = refreshed(canary)
    assert code == 0, f"what controllers write shows as a change:\n{text[-5000:]}"


def test_without_the_contract_the_same_refresh_would_take_the_weights_back(canary: Midway, tmp_path: Path) -> None:
    """The control."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Pulumi.yaml", "components", ".venv", "apps", "stacks"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "__main__.py", folder / "program.py")
    (folder / "__main__.py").write_text(WITHOUT_CONTRACT, encoding="utf-8")
    code, text = refreshed(canary, folder)
    assert code != 0, "a refresh without the contract shows nothing, so the one with it proves nothing"
    taken = re.search(r"weight\s*: 80 => 100", text) or re.search(r"conflict with \"[^\"]*rollouts[^\"]*\"", text)
    assert taken, f"nothing of it is the controller's:\n{text[-5000:]}"


def test_another_bundle_starts_no_release_moves_no_weight_and_loses_no_request(canary: Midway) -> None:
    """From the newest bundle to the one before it, and back: an upgrade of the platform under a release."""
    api, before = canary.installed.api, life(canary)
    for name, deadline in ((bundles.names()[1], "3h"), (bundles.NEWEST, "2h")):
        canary.bundle = name
        since = canary.up({})
        again = canary.installed.pulumi.run("preview", "--expect-no-changes", config=canary.file())
        assert again.code == 0, f"a second run has something to do:\n{again.text[-3000:]}"
        wait_for(lambda name=name: running_images(api) >= images_of(name), f"the pods of bundle {name} are ready")
        # Nothing that begins a release, but something that only a controller at work takes note of.
        canary.up({"delivery": {"rollback": {"deadline": deadline}}})
        wait_for(lambda: is_observed(api), f"the controller of bundle {name} is at work")
        assert life(canary) == before, "an upgrade of the platform changed an app's pods"
        canary.check_kept(since)
    code, text = refreshed(canary)
    assert code == 0, text[-3000:]


def life(canary: Midway) -> tuple[str, str, set[str]]:
    """What a new release would change: hash and revision of the canary, and which pods there are."""
    rollout = canary.installed.api.get(ROLLOUT)
    revision = rollout["metadata"]["annotations"]["rollout.argoproj.io/revision"]
    uids = {pod["metadata"]["uid"] for pod in pods(canary.installed.api, SPACE)}
    return rollout["status"]["currentPodHash"], revision, uids


def running_images(api: Api) -> set[str]:
    """The images of the platform's pods that are ready."""
    found = [pod for space in ("argo-rollouts", "monitoring") for pod in pods(api, space)]
    return {container["image"] for pod in found if is_ready(pod) for container in pod["spec"]["containers"]}


def images_of(name: str) -> set[str]:
    """Images of a bundle that another one has in another version."""
    repositories = ("quay.io/argoproj/argo-rollouts", "quay.io/prometheus/prometheus")
    return {f"{repository}:{bundle(name).images[repository]}" for repository in repositories}


def is_observed(api: Api) -> bool:
    """Whether the controller has seen the newest change of the app's Rollout."""
    rollout = api.get(ROLLOUT)
    return str(rollout["status"].get("observedGeneration")) == str(rollout["metadata"]["generation"])


def test_a_label(canary: Midway) -> None:
    hashes = canary.installed.api.get(ROLLOUT)["status"]["currentPodHash"]
    since = canary.up({"labels": {"example.com/season": "autumn"}})
    api = canary.installed.api
    for place in (f"{SERVICES}/{APP}-stable", f"{SERVICES}/{APP}-canary", ROLLOUT):
        assert api.get(place)["metadata"]["labels"]["example.com/season"] == "autumn"
    for kind in ("virtualservices", "gateways"):
        found = api.items(path_of(f"networking.istio.io/v1/{kind}", SPACE), labelSelector="example.com/season=autumn")
        assert found, f"no {kind} have the label"
    assert not pods(api, SPACE, "example.com/season"), "a label of the app's objects reached its pods"
    assert api.get(ROLLOUT)["status"]["currentPodHash"] == hashes, "a label of the objects began a release"
    canary.check_kept(since)


def test_a_timeout(canary: Midway) -> None:
    timeout, latency = 1.0, 3.0
    fastest = 0.8 * latency  # see localcluster.pods.behaviour
    with canary.behaving(RATE / 20, latency=f"{latency}s"):
        wait_for(lambda: canary.ask_canary(1)[0]["seconds"] >= fastest, "the canary is slow")
        assert canary.ask_canary(1)[0]["status"] == 200, "the control: so far a slow answer is waited for"

        canary.up({"traffic": {"timeout": f"{timeout:.0f}s"}})
        assert canary.route()["timeout"] == f"{timeout:.0f}s"
        wait_for(lambda: canary.ask_canary(1)[0]["status"] == 504, "a slow answer is cut")
        for cut in canary.ask_canary(5):
            assert cut["status"] == 504, cut
            # Envoy's clock and this one differ by a little.
            assert 0.98 * timeout <= cut["seconds"] < fastest, f"cut after {cut['seconds']:.2f} s, not at the timeout"
    canary.check_kept(time.time() + 1)


def test_retries(canary: Midway) -> None:
    with canary.behaving(0, error_rate="1"):
        wait_for(lambda: canary.ask_canary(1)[0]["status"] == behaviour.FAILED, "the canary fails")
        assert tries(canary) == 1, "the control: an error of the app is not among the conditions so far"

        canary.up({"traffic": {"retries": {"attempts": 3, "retry_on": "5xx"}}})
        live = canary.route()["retries"]
        assert (live["attempts"], live["retryOn"]) == (3, "5xx")
        wait_for(lambda: tries(canary) == 4, "a failing request is tried once and three times more")
    canary.check_kept(time.time() + 1)


def tries(canary: Midway) -> float:
    """How often the canary's pods are asked for each request that fails there; nothing else is sent meanwhile."""
    before = wait_for_quiet(canary)
    failed = canary.ask_canary(5)
    return (canary.attempts() - before) / len(failed)


def wait_for_quiet(canary: Midway) -> int:
    """Until no more requests of the load arrive; how many the canary's pods have answered by then."""
    seen = [-1]

    def quiet() -> bool:
        seen.append(canary.attempts())
        return seen[-1] == seen[-2]

    wait_for(quiet, "the load has ended")
    return seen[-1]


def test_the_port_of_the_services(canary: Midway) -> None:
    """It stands nowhere in the engine's route: Istio takes it from the Services."""
    since = canary.up({"traffic": {"port": 8081}})
    for which in ("stable", "canary"):
        [port] = canary.installed.api.get(f"{SERVICES}/{APP}-{which}")["spec"]["ports"]
        assert port["port"] == 8081
    wait_for(lambda: "outbound|8081||" in canary.clusters(), "Envoy sends to the new port")
    # Envoy gets its clusters and its routes one after the other: for a moment a route may name a cluster that is gone.
    canary.check_kept(since, lost=0.01)


def test_a_host(canary: Midway) -> None:
    assert canary.status(host=NEW_HOST) == 404, "the control: the host is not known yet"
    canary.up({"traffic": {"hosts": [NEW_HOST]}})
    assert canary.route()["hosts"] == [NEW_HOST]
    wait_for(lambda: canary.status(host=NEW_HOST) == 200, "the new host answers")
    wait_for(lambda: canary.status(host=HOST) == 404, "the old host answers no more")
    canary.load.set_rate(HOST, 0)
    canary.load.set_rate(NEW_HOST, RATE)
    canary.check_kept(0, NEW_HOST)


def test_what_is_matched(canary: Midway) -> None:
    match = [{"path": {"prefix": "/cart"}}, {"headers": {"user-agent": {"exact": "coalmine-load"}}}]
    asked = {"/": 404, "/cart": 200, "/cart/items": 200, "/carts": 404}
    assert {path: canary.status(path=path, host=NEW_HOST) for path in asked} == dict.fromkeys(asked, 200)
    since = canary.up({"traffic": {"match": match}})
    assert [set(one) for one in canary.route()["match"]] == [{"uri"}, {"uri"}, {"headers"}]
    wait_for(lambda: canary.status(host=NEW_HOST) == 404, "a request that does not match gets 404")
    assert {path: canary.status(path=path, host=NEW_HOST) for path in asked} == asked
    canary.check_kept(since, NEW_HOST)


def test_after_all_these_changes_a_refresh_of_the_whole_stack_shows_nothing(canary: Midway) -> None:
    code, text = refreshed(canary)
    assert code == 0, f"what controllers write shows as a change:\n{text[-5000:]}"
    assert canary.holds() == canary.held
    versions = {labels["app.kubernetes.io/version"] for labels in canary.labels_of_pods()}
    assert CANARY in versions, "the canary is over"


def test_an_app_that_the_state_has_lost_is_taken_over_in_the_middle_of_its_release(canary: Midway) -> None:
    """Controllers have taken over its selectors and weights: they keep them, and the traffic does not move."""
    api, pulumi = canary.installed.api, canary.installed.pulumi
    before = {key: item["metadata"]["uid"] for key, item in owned(api, "coalmine.local").items() if key[1] == SPACE}
    pulumi.succeed(
        "state delete", "urn:pulumi:local::coalmine::coalmine:index:App::shop", "--target-dependents", "--yes"
    )
    since = time.time()
    again = pulumi.succeed("up", "--yes", "--skip-preview", config=canary.file())
    taken_over = {line.strip() for line in again.text.splitlines() if line.endswith("it is taken over")}
    missing = [key for key in before if not any(f"{key[0]} {SPACE}/{key[2]} exists" in line for line in taken_over)]
    assert not missing, f"not taken over: {missing}\n{again.text[-3000:]}"
    after = {key: item["metadata"]["uid"] for key, item in owned(api, "coalmine.local").items() if key[1] == SPACE}
    assert after == before, "an object was made anew"
    canary.check_kept(since, NEW_HOST)
    code, text = refreshed(canary)
    assert code == 0, text[-3000:]
