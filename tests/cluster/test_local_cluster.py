"""The local cluster: it starts, runs programs with their own rights, carries traffic, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcluster.api import Api, Object, open_api, path_of
from localcluster.cluster import Cluster
from localcluster.control import Answer
from localcluster.kwok import READY_MILLISECONDS
from localcluster.load import Load
from localcluster.process import is_running, marked
from localcluster.state import REPO, LocalClusterError, Record
from tests.clusters import fresh_cluster

from . import apps, small_platform
from .objects import apply_all, is_ready, pods, wait_for

PLATFORM_SPACES = ("argo-rollouts", "istio-ingress", "istio-system", "monitoring")
HOST = "shop.example.com"
COALMINE = REPO / ".venv" / "bin" / "coalmine"


@pytest.fixture(scope="module")
def mesh(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of its own with the controllers of a platform, and an app of two versions at 75 and 25 percent."""
    parts = (small_platform.rollouts(), small_platform.istio(), small_platform.gateway(), small_platform.prometheus())
    shop = apps.behind_gateway("shop", "shop", {"v1": 75, "v2": 25})
    versions = (apps.version("shop", "shop", "v1"), apps.version("shop", "shop", "v2", error_rate="0.2"))
    with fresh_cluster(request, "mesh") as made:
        for part in (*parts, shop, versions):
            apply_all(made.api, part)
        wait_for(lambda: all_ready(made.api, *PLATFORM_SPACES, "shop"), "pods of the platform and the app are Ready")
        yield made


def all_ready(api: Api, *namespaces: str) -> bool:
    """Whether each namespace has pods and all of them are Ready."""
    found = [pods(api, namespace) for namespace in namespaces]
    return all(found) and all(is_ready(pod) for group in found for pod in group)


def state_of(answer: Answer | None, name: str) -> str:
    """The state of a piece as `status` says it."""
    assert answer is not None, "the cluster does not answer"
    return next((piece.state for piece in answer.pieces if piece.name == name), "absent")


def query(cluster: Cluster, expression: str) -> list[Object]:
    """What the cluster's Prometheus answers, asked from outside."""
    url = f"http://127.0.0.1:{cluster.port('prometheus')}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    with urllib.request.urlopen(url, timeout=10) as answer:
        found: list[Object] = json.load(answer)["data"]["result"]
    return found


def test_every_pod_is_ready_and_every_piece_is_listed(mesh: Cluster) -> None:
    answer = mesh.status()
    assert answer is not None
    assert {piece.name for piece in answer.pieces} == {
        "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "pods",
        "argo-rollouts", "gateway", "istiod", "prometheus",
    }  # fmt: skip
    for piece in answer.pieces:
        assert piece.state == "ready", f"{piece.name} is {piece.state}"
        assert Path(piece.log).is_file(), f"{piece.name} has no log"
        assert is_running(piece.pid), f"{piece.name} has no process"


def test_weights_of_a_virtual_service_are_the_shares_of_real_requests(mesh: Cluster) -> None:
    with Load(mesh, {HOST: 1000}) as load:
        since = time.time()
        load.await_requests(4000, since + 1, HOST)
        found = load.counts(since + 1, time.time(), HOST)
    total = found.total()
    share = (found["v2", 200] + found["v2", 500]) / total
    # Five standard errors of a share of 25 % of `total` requests.
    assert abs(share - 0.25) < 5 * (0.25 * 0.75 / total) ** 0.5, f"v2 got {share:.3f} of {total}: {found}"
    failed = found["v2", 500] / (found["v2", 200] + found["v2", 500])
    assert 0.1 < failed < 0.3, f"a fifth of v2's answers should fail: {found}"
    assert found["v1", 500] == 0, f"v1 has no errors: {found}"


def test_the_load_generator_is_switched_on_and_off(mesh: Cluster) -> None:
    with Load(mesh, {HOST: 0}) as load:
        since = time.time()
        load.set_rate(HOST, 200)
        load.await_requests(200, since, HOST)
        load.set_rate(HOST, 0)
        wait_for(lambda: int(time.time()) > int(load.seconds()[-1].time) + 1, "the last second is over", 10)
        quiet = time.time()
        time.sleep(1.5)  # The absence of requests can only be seen by waiting.
        assert load.counts(quiet, time.time(), HOST).total() == 0, "requests were sent at a rate of 0"


def test_a_running_pod_changes_its_behaviour_with_its_annotations(mesh: Cluster) -> None:
    apply_all(mesh.api, [*apps.behind_gateway("moods", "moods", {"v1": 100}), apps.version("moods", "moods", "v1")])
    wait_for(lambda: all_ready(mesh.api, "moods"), "moods is Ready")
    with Load(mesh, {"moods.example.com": 100}) as load:
        good = load.await_requests(100, time.time(), "moods.example.com")
        assert good["v1", 500] == 0, f"errors before any were asked for: {good}"
        annotations = {"local.coalmine.dev/error-rate": "1", "local.coalmine.dev/latency": "40ms"}
        for pod in pods(mesh.api, "moods"):
            mesh.api.patch(
                path_of("v1/pods", "moods", pod["metadata"]["name"]), {"metadata": {"annotations": annotations}}
            )

        def all_bad_and_slow() -> bool:
            last = load.seconds()[-1].answers
            return all(answers.status == 500 and answers.p50 >= 32 for answers in last)

        wait_for(all_bad_and_slow, "every answer is a slow error", 10)


def test_a_rolling_update_under_load_loses_no_request_and_no_dead_pod_answers(mesh: Cluster) -> None:
    apply_all(mesh.api, [*apps.behind_gateway("roll", "roll", {"v1": 100}), apps.version("roll", "roll", "v1")])
    wait_for(lambda: all_ready(mesh.api, "roll"), "roll is Ready")
    before = {pod["metadata"]["name"] for pod in pods(mesh.api, "roll")}
    with Load(mesh, {"roll.example.com": 100}) as load:
        begun = time.time()
        load.await_requests(100, begun, "roll.example.com")
        place = path_of("apps/v1/deployments", "roll", "roll-v1")
        mesh.api.patch(place, {"spec": {"template": {"metadata": {"annotations": {"turn": "2"}}}}})
        wait_for(
            lambda: not before & {pod["metadata"]["name"] for pod in pods(mesh.api, "roll")}, "the old pods are gone"
        )
        load.await_requests(100, time.time() + 1, "roll.example.com")
        found = load.counts(begun, time.time(), "roll.example.com")
    assert set(found) == {("v1", 200)}, f"answers during the update: {found}"


def test_a_pod_can_be_told_never_to_become_ready(cluster: Cluster) -> None:
    broken = apps.version("broken", "broken", "v1", ready="never")
    apply_all(cluster.api, [small_platform.namespace("broken"), broken])
    wait_for(lambda: [pod["status"]["phase"] for pod in pods(cluster.api, "broken")] == ["Running"] * 2, "pods run")
    apply_all(cluster.api, [apps.version("broken", "sound", "v1")])
    wait_for(lambda: [*map(is_ready, pods(cluster.api, "broken", "app=sound"))] == [True] * 2, "later pods are Ready")
    assert not any(is_ready(pod) for pod in pods(cluster.api, "broken", "app=broken"))


def test_a_pod_is_ready_only_when_somebody_listens_for_it(cluster: Cluster) -> None:
    """Else a gateway is refused by a pod that it was told of."""
    cluster.send("pods", signal.SIGSTOP)
    try:
        apply_all(cluster.api, [small_platform.namespace("early"), apps.version("early", "early", "v1")])
        wait_for(lambda: [pod["status"]["phase"] for pod in pods(cluster.api, "early")] == ["Running"] * 2, "pods run")
        time.sleep(3 * READY_MILLISECONDS / 1000)  # That nothing happens can only be seen by waiting.
        assert not any(is_ready(pod) for pod in pods(cluster.api, "early")), "pods are Ready, and nobody listens"
    finally:
        cluster.send("pods", signal.SIGCONT)
    wait_for(lambda: [*map(is_ready, pods(cluster.api, "early"))] == [True] * 2, "they are Ready once somebody does")


def test_a_pod_with_the_address_of_another_one_is_made_anew(cluster: Cluster) -> None:
    """kwok gives out an address twice now and then: one version would answer for the other, and no share be right."""
    apply_all(cluster.api, [small_platform.namespace("twins"), apps.version("twins", "twins", "v1")])
    wait_for(lambda: [*map(is_ready, pods(cluster.api, "twins"))] == [True] * 2, "both are Ready")
    first, second = pods(cluster.api, "twins")
    path = path_of("v1/pods", "twins", second["metadata"]["name"])
    cluster.send("pods", signal.SIGKILL)
    address = first["status"]["podIP"]
    twin = {"status": {"podIP": address, "podIPs": [{"ip": address}]}}
    cluster.api.patch(f"{path}/status", twin)
    cluster.up()
    wait_for(lambda: _addresses(cluster) == 2 and _all_new(cluster, second), "another pod stands in its place")


def _addresses(cluster: Cluster) -> int:
    """How many different addresses the Ready pods have."""
    return len({pod["status"]["podIP"] for pod in pods(cluster.api, "twins") if is_ready(pod)})


def _all_new(cluster: Cluster, old: Object) -> bool:
    """Whether one of two pods is gone."""
    return old["metadata"]["uid"] not in {pod["metadata"]["uid"] for pod in pods(cluster.api, "twins")}


def test_prometheus_scrapes_the_standard_metrics_of_pods(mesh: Cluster) -> None:
    with Load(mesh, {HOST: 100}) as load:
        load.await_requests(200, time.time(), HOST)
    expression = (
        'sum by (destination_canonical_revision) (istio_requests_total{reporter="destination",response_code="200"})'
    )
    wait_for(lambda: len(query(mesh, expression)) >= 2, "istio_requests_total of both versions", 20)
    source = query(mesh, 'istio_requests_total{destination_workload="shop-v1"}')[0]["metric"]
    assert source["source_workload"] == "istio-ingressgateway", "requests came through the gateway"
    assert source["destination_service"] == "shop-v1.shop.svc.cluster.local"
    assert query(mesh, "istio_request_duration_milliseconds_bucket"), "no histogram was scraped"


def test_prometheus_is_reached_by_its_service_name_inside(mesh: Cluster) -> None:
    fetch = "import urllib.request as r; print(r.urlopen('http://prometheus.monitoring.svc.cluster.local:9090/-/ready').status)"
    done = subprocess.run(
        mesh.inside(["python3", "-c", fetch]), env=mesh.inner_environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "200", done.stderr


def test_a_service_is_reached_by_its_name_and_port_inside(mesh: Cluster) -> None:
    fetch = "import urllib.request as r; print(r.urlopen('http://shop-v1.shop.svc.cluster.local').headers['x-version'])"
    done = subprocess.run(
        mesh.inside(["python3", "-c", fetch]), env=mesh.inner_environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "v1", done.stderr


@pytest.mark.parametrize(
    ("namespace", "account"),
    [("argo-rollouts", "argo-rollouts"), ("istio-system", "istiod"), ("monitoring", "prometheus")],
)
def test_programs_have_their_own_service_accounts_and_no_other_rights(
    mesh: Cluster, namespace: str, account: str
) -> None:
    [pod] = pods(mesh.api, namespace)
    token = next((mesh.state.pods / pod["metadata"]["uid"] / "volumes").glob("kube-api-access-*/token")).read_text()
    theirs = open_api(mesh.kubeconfig, token)
    review: Object = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = theirs.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    assert answer["status"]["userInfo"]["username"] == f"system:serviceaccount:{namespace}:{account}"
    wish: Object = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {
            "resourceAttributes": {"verb": "create", "group": "rbac.authorization.k8s.io", "resource": "clusterroles"}
        },
    }
    allowed = theirs.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", wish)["status"]["allowed"]
    assert not allowed, f"{account} may create ClusterRoles: it does not run with its own rights"


def test_a_second_replica_of_a_program_stands_by_and_takes_over(mesh: Cluster) -> None:
    scale = path_of("apps/v1/deployments", "monitoring", "prometheus")
    [first] = pods(mesh.api, "monitoring")
    mesh.api.patch(scale, {"spec": {"replicas": 2}})
    wait_for(
        lambda: len(pods(mesh.api, "monitoring")) == 2 and all_ready(mesh.api, "monitoring"), "the standby is Ready"
    )
    place = path_of("v1/pods", "monitoring", first["metadata"]["name"])
    mesh.api.delete(place)
    wait_for(lambda: mesh.api.find(place) is None, "the first pod is gone")
    wait_for(lambda: state_of(mesh.status(), "prometheus") == "ready", "prometheus runs for the other pod")
    mesh.api.patch(scale, {"spec": {"replicas": 1}})
    wait_for(lambda: len(pods(mesh.api, "monitoring")) == 1 and all_ready(mesh.api, "monitoring"), "one pod is left")


@pytest.mark.parametrize("piece", ["kube-scheduler", "pods", "istiod", "gateway"])
def test_a_killed_piece_is_reported_and_started_again_by_up(mesh: Cluster, piece: str) -> None:
    mesh.send(piece, signal.SIGKILL)
    wait_for(lambda: state_of(mesh.status(), piece) == "ended", f"{piece} is reported as ended", 10)
    answer = mesh.status()
    assert answer is not None
    assert not answer.ready, "a cluster without one of its pieces calls itself ready"
    mesh.up()
    assert state_of(mesh.status(), piece) == "ready"


def test_a_piece_that_hangs_is_not_ready_until_it_goes_on(mesh: Cluster) -> None:
    mesh.send("prometheus", signal.SIGSTOP)
    try:
        wait_for(lambda: state_of(mesh.status(), "prometheus") == "starting", "prometheus is not ready", 20)
    finally:
        mesh.send("prometheus", signal.SIGCONT)
    mesh.up()
    assert state_of(mesh.status(), "prometheus") == "ready"


def test_a_piece_that_does_not_run_is_refused_by_name(mesh: Cluster) -> None:
    with pytest.raises(LocalClusterError, match=r"no 'prometheu' runs in local cluster .*, prometheus does"):
        mesh.send("prometheu", signal.SIGKILL)


def test_state_outlives_a_killed_supervisor(mesh: Cluster) -> None:
    record = Record.load(mesh.state)
    assert record is not None
    kubeconfig = mesh.kubeconfig.read_text()
    os.kill(record.supervisor, signal.SIGKILL)
    wait_for(lambda: not marked(record.identity), "every process ends with the supervisor", 10)
    assert mesh.status() is None
    mesh.up()
    assert mesh.kubeconfig.read_text() == kubeconfig, "the ports changed although they were free"
    assert mesh.api.find(path_of("apps/v1/deployments", "shop", "shop-v1")) is not None, "the objects are gone"
    wait_for(lambda: all_ready(mesh.api, *PLATFORM_SPACES, "shop"), "pods are Ready again")


def test_two_clusters_run_side_by_side(mesh: Cluster, cluster: Cluster) -> None:
    for one, other in ((mesh, cluster), (cluster, mesh)):
        answer = one.status()
        assert answer is not None
        assert answer.ready, f"{one.name} is not ready beside {other.name}"
    ours, theirs = (each.api.find(path_of("v1/namespaces", name="shop")) for each in (mesh, cluster))
    assert ours is not None
    # Another test may have made a namespace of this name in the session's cluster.
    assert theirs is None or theirs["metadata"]["uid"] != ours["metadata"]["uid"], "the clusters share their objects"


def test_a_piece_that_cannot_start_is_named_with_its_log_and_nothing_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COALMINE_LOCAL_DIR", str(tmp_path))
    broken = Cluster("broken")
    broken.state.make()
    (broken.state.secrets / "tokens.csv").write_text("one,coalmine-admin\n" + "\n".join(
        f"{number},{user}" for number, user in enumerate(("system:kube-controller-manager", "system:kube-scheduler"))
    ))  # fmt: skip
    with pytest.raises(LocalClusterError) as caught:
        broken.up()
    record = Record.load(broken.state)
    assert record is not None
    assert marked(record.identity) == [], "processes stay after a start that failed"
    assert "kube-apiserver ended" in str(caught.value), caught.value
    assert str(broken.state.logs / "kube-apiserver.log") in str(caught.value)
    assert "\n" not in str(caught.value)
    broken.down()


def test_the_command_starts_shows_enters_and_ends_a_cluster(tmp_path: Path) -> None:
    environment = {**os.environ, "COALMINE_LOCAL_DIR": str(tmp_path)}

    def local(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(COALMINE), "local", *arguments], env=environment, capture_output=True, text=True, check=False
        )

    try:
        assert local("status").returncode == 3, "a cluster that does not exist is not healthy"
        started = local("up", "--json")
        assert started.returncode == 0, started.stderr
        assert json.loads(started.stdout)["ready"]
        record = Record(**json.loads((tmp_path / "local" / "cluster.json").read_text()))
        again = local("up", "--json")
        assert [piece["pid"] for piece in json.loads(again.stdout)["pieces"]] == [
            piece["pid"] for piece in json.loads(started.stdout)["pieces"]
        ], "a second up started something again"
        assert local("status").returncode == 0
        entered = local("exec", "--", "sh", "-c", 'test -r "$KUBECONFIG" && exit 7')
        assert entered.returncode == 7, entered.stderr
        shown = local("env").stdout
        assert f"export KUBECONFIG={tmp_path}/local/kubeconfig\n" in shown
        assert "export PULUMI_CONFIG_PASSPHRASE=" in shown
        left_open = subprocess.Popen(
            [str(COALMINE), "local", "exec", "--", "sleep", "600"], env=environment, start_new_session=True
        )
        wait_for(lambda: left_open.pid in marked(record.identity), "the command runs inside", 10)
    finally:
        ended = local("down")
    assert ended.returncode == 0, ended.stderr
    left_open.wait(timeout=10)
    assert marked(record.identity) == [], "processes survived down"
    assert not (tmp_path / "local").exists(), "state survived down"
