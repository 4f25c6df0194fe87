"""A pod's names in metrics follow Istio's rules."""

from localcluster.pods.identity import identity_of, service_of

from .pods import rollout_pod, service


def test_a_rollouts_pod_is_named_after_its_rollout() -> None:
    assert identity_of(rollout_pod()).workload == "shop"


def test_a_deployments_pod_is_named_after_its_deployment() -> None:
    pod = rollout_pod(**{"pod-template-hash": "6b9f8c7d5"})
    del pod["metadata"]["labels"]["rollouts-pod-template-hash"]
    assert identity_of(pod).workload == "shop"


def test_a_replica_set_of_its_own_keeps_its_name() -> None:
    pod = rollout_pod()
    pod["metadata"]["labels"] = {}
    assert identity_of(pod).workload == "shop-6b9f8c7d5"


def test_a_bare_pod_keeps_its_name() -> None:
    pod = rollout_pod()
    del pod["metadata"]["generateName"]
    assert identity_of(pod).workload == "shop-6b9f8c7d5-abcde"


def test_a_cron_jobs_pod_is_named_after_it() -> None:
    pod = rollout_pod()
    pod["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "report-28450000", "controller": True}]
    assert identity_of(pod).workload == "report"


def test_the_workload_label_wins() -> None:
    assert identity_of(rollout_pod(**{"service.istio.io/workload-name": "till"})).workload == "till"


def test_canonical_names_come_from_the_first_of_their_labels() -> None:
    every = {
        "app": "c", "app.kubernetes.io/name": "b", "service.istio.io/canonical-name": "a",
        "version": "3", "app.kubernetes.io/version": "2", "service.istio.io/canonical-revision": "1",
    }  # fmt: skip
    assert (
        identity_of(rollout_pod(**every)).canonical_service,
        identity_of(rollout_pod(**every)).canonical_revision,
    ) == (
        "a",
        "1",
    )
    common = {key: value for key, value in every.items() if "istio" not in key}
    assert identity_of(rollout_pod(**common)).canonical_service == "b"
    assert identity_of(rollout_pod(**common)).canonical_revision == "2"


def test_without_labels_the_service_is_the_workload_and_the_revision_is_latest() -> None:
    plain = identity_of(rollout_pod())
    assert (plain.canonical_service, plain.canonical_revision, plain.app, plain.version) == (
        "shop",
        "latest",
        "unknown",
        "unknown",
    )


def test_the_oldest_selecting_service_is_reported() -> None:
    pod = rollout_pod(app="shop")
    services = [
        service("shop-canary", "2026-01-02T00:00:00Z", {"app": "shop"}),
        service("shop", "2026-01-01T00:00:00Z", {"app": "shop"}),
        service("other", "2025-01-01T00:00:00Z", {"app": "other"}),
        service("headless", "2024-01-01T00:00:00Z", {}),
    ]
    assert service_of(pod, services) == "shop"
    assert service_of(rollout_pod(app="nobody"), services) == ""


def test_services_of_other_namespaces_do_not_count() -> None:
    foreign = service("shop", "2026-01-01T00:00:00Z", {"app": "shop"})
    foreign["metadata"]["namespace"] = "elsewhere"
    assert service_of(rollout_pod(app="shop"), [foreign]) == ""
