"""Objects for the cluster's Prometheus operator: what they select, whom they tell, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.manifests.meta import Manifest
from components.observability.rules import rule_files
from components.platform.checks import problems
from components.platform.piece import piece, pieces_of, watched_by
from components.platform.pieces import prometheus
from components.platform.pod_standard import level
from components.spec.errors import SpecError
from components.spec.load import LoadedStack
from components.spec.values import Duration
from tests.specs import Project, example_app, only, stack_keys

ADDRESS = "http://prometheus-operated.monitoring.svc:9090"
SHOP = {"kind": "slack", "secret": "slack", "key": "url", "channel": "#shop", "owner": "team-shop"}
REST = {"kind": "pagerduty", "secret": "pagerduty", "key": "integration"}
ALL = {"shop": SHOP, "on-call": REST}


def project(root: Path, *, address: str | None = ADDRESS, server: bool = False, **options: Any) -> Project:
    """A stack whose Prometheus is the operator's."""
    made, keys = Project(root), stack_keys()
    keys["delivery"] |= {"metrics": {"kind": "prometheus", **({"address": address} if address else {})}}
    operator = {"install": True, **options}
    made.stack({**keys, "platform": {"prometheus": {"install": server}, "prometheus_operator": operator}})
    made.apps(example_app())
    return made


def objects(loaded: LoadedStack) -> list[Manifest]:
    specs = [app.spec for app in loaded.apps]
    return [item for stage in piece("prometheus-operator").all_stages(loaded.spec, specs) for item in stage]


def of_kind(made: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {item["metadata"]["name"]: item for item in made if item["kind"] == kind}


def told(alert: dict[str, str], made: list[Manifest]) -> list[str]:
    """The receivers that an Alertmanager sends an alert to, as its documentation says."""
    [config] = of_kind(made, "AlertmanagerConfig").values()
    ways = {"=": lambda a, b: a == b, "!=": lambda a, b: a != b, "=~": lambda a, b: a in b.split("|")}
    found = []
    for route in config["spec"]["route"]["routes"]:
        if all(ways[one["matchType"]](alert.get(one["name"], ""), one["value"]) for one in route["matchers"]):
            found.append(route["receiver"])
            if not route["continue"]:
                break
    return found or [config["spec"]["route"]["receiver"]]


def test_the_rules_are_those_that_the_platforms_own_server_reads(tmp_path: Path) -> None:
    loaded = project(tmp_path, labels={"release": "stack"}).load()
    made = objects(loaded)
    files = rule_files(watched_by(loaded.spec, [app.spec for app in loaded.apps]))
    rules = of_kind(made, "PrometheusRule")
    assert {f"{name.removeprefix('coalmine-')}.yaml": item["spec"] for name, item in rules.items()} == {
        name: yaml.safe_load(text) for name, text in files.items()
    }
    assert all(item["metadata"]["labels"] == {"release": "stack"} for item in made), "their Prometheus misses some"


def test_pods_are_scraped_as_by_the_platforms_own_server_and_none_twice(tmp_path: Path) -> None:
    loaded = project(tmp_path).load()
    monitors = of_kind(objects(loaded), "PodMonitor")
    interval = loaded.spec.delivery.metrics.scrape_interval  # type: ignore[attr-defined]
    jobs = yaml.safe_load(prometheus.configuration(interval))["scrape_configs"]
    selected = [set(one["spec"]["namespaceSelector"]["matchNames"]) for one in monitors.values()]
    assert not selected[0] & selected[1], "a request would be counted twice"
    assert example_app()["namespace"] in selected[0]
    assert {"argo-rollouts", "istio-ingress"} < selected[1]
    for job, monitor in zip(jobs, monitors.values(), strict=True):
        [endpoint] = monitor["spec"]["podMetricsEndpoints"]
        assert endpoint.get("path", "/metrics") == job.get("metrics_path", "/metrics")
        assert (endpoint["interval"], Duration.parse(endpoint["scrapeTimeout"])) == (str(interval), interval)
        written = [
            {
                "action": rule["action"],
                **{key: rule[word] for key, word in WORDS.items() if word in rule},
            }
            for rule in endpoint["relabelings"]
        ]
        # Which namespaces: of the server by a label, of the operator by name.
        wanted = [{"action": "replace", **rule} for rule in job["relabel_configs"] if not of_namespace(rule)]
        named = {"target_label": "job", "replacement": job["job_name"]}
        alike = [{"target_label": "container", "replacement": ""}, named]
        assert written == [*wanted, *({"action": "replace", **rule} for rule in alike)]


WORDS = {
    "source_labels": "sourceLabels",
    "regex": "regex",
    "target_label": "targetLabel",
    "replacement": "replacement",
}


def of_namespace(rule: dict[str, Any]) -> bool:
    return "__meta_kubernetes_namespace_label_coalmine_dev_apps" in rule["source_labels"]


def test_alerts_reach_the_owner_of_the_app_and_all_others_who_has_no_owner(tmp_path: Path) -> None:
    made = objects(project(tmp_path, receivers=ALL).load())
    assert told({"alertname": "ReleaseAborted", "owner": "team-shop"}, made) == ["shop"]
    assert told({"alertname": "ReleaseAborted", "owner": "team-search"}, made) == ["on-call"]
    assert told({"alertname": "ControllerDown"}, made) == ["on-call"], "it has no owner, and nobody would hear of it"
    assert told({"alertname": "DiskFull", "owner": "team-shop"}, made) == ["nobody"], "it is none of ours"
    both = objects(project(tmp_path, receivers={**ALL, "pager": {**REST, "owner": "team-shop"}}).load())
    assert told({"alertname": "ReleaseStuck", "owner": "team-shop"}, both) == ["pager", "shop"]


def test_a_receiver_names_its_secret_and_holds_none(tmp_path: Path) -> None:
    hook = {"kind": "webhook", "secret": "hook", "key": "address"}
    made = objects(project(tmp_path, receivers={**ALL, "hook": hook}).load())
    assert only(made, "AlertmanagerConfig", "coalmine")["spec"]["receivers"] == [
        {"name": "nobody"},
        {"name": "hook", "webhookConfigs": [{"urlSecret": {"name": "hook", "key": "address"}, "sendResolved": True}]},
        {
            "name": "on-call",
            "pagerdutyConfigs": [
                {"routingKey": {"name": "pagerduty", "key": "integration"}, "sendResolved": True},
            ],
        },
        {
            "name": "shop",
            "slackConfigs": [
                {"apiURL": {"name": "slack", "key": "url"}, "channel": "#shop", "sendResolved": True},
            ],
        },
    ]


def test_an_alertmanager_of_its_own_reads_the_receivers(tmp_path: Path) -> None:
    size = {"requests": {"cpu": "10m"}}
    given = {"replicas": 3, "storage": "1Gi", "storage_class": "fast", "resources": size}
    made = objects(project(tmp_path, receivers=ALL, alertmanager=given, namespace="alerts").load())
    assert {item["metadata"]["namespace"] for item in made} == {"alerts"}
    spec = only(made, "Alertmanager", "coalmine")["spec"]
    assert spec["alertmanagerConfiguration"]["name"] in of_kind(made, "AlertmanagerConfig")
    assert (spec["replicas"], spec["resources"]) == (3, size)
    assert spec["image"].endswith(f":{spec['version']}"), "its configuration is of another version"
    claim = spec["storage"]["volumeClaimTemplate"]["spec"]
    assert (claim["resources"]["requests"]["storage"], claim["storageClassName"]) == ("1Gi", "fast")
    # What the operator gives its containers. Source: its pkg/alertmanager/statefulset.go.
    container = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    pod = {"securityContext": spec["securityContext"], "containers": [{"securityContext": container}]}
    assert level(pod) == "restricted"
    small = only(objects(project(tmp_path, receivers=ALL, alertmanager={}).load()), "Alertmanager", "coalmine")["spec"]
    assert small["replicas"] == 2
    assert not {"storage", "resources"} & small.keys()


def test_nothing_is_installed_unless_asked_for(tmp_path: Path) -> None:
    loaded = project(tmp_path, install=False).load()
    assert "prometheus-operator" not in [one.name for one in pieces_of(loaded.spec)]
    assert not of_kind(objects(project(tmp_path).load()), "AlertmanagerConfig"), "nobody was named to hear of alerts"


def test_two_servers_that_would_both_tell_are_refused_and_so_is_one_that_is_nowhere(tmp_path: Path) -> None:
    found = [str(one) for one in problems(project(tmp_path, address=None, server=True).load())]
    place = "stacks/Pulumi.test.yaml: coalmine:"
    assert found == [
        f"{place}platform.prometheus.install: the operator's Prometheus and this one would both tell of every alert: "
        "set it to false",
        f"{place}delivery.metrics.address: is where no server will be: write that of the operator's, like '{ADDRESS}'",
    ]
    assert problems(project(tmp_path).load()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"receivers": {"on-call": {**REST, "channel": "#shop"}}},
            "receivers.on-call.channel: 'pagerduty' has no channels: leave it out, or choose 'slack'",
        ),
        ({"receivers": {"nobody": REST}}, "receivers.nobody: is who gets what no receiver takes: choose another name"),
        ({"alertmanager": {}}, "alertmanager: nobody would hear of an alert: name somebody in 'receivers'"),
        (
            {"alertmanager": {"storage_class": "fast"}, "receivers": ALL},
            "alertmanager.storage_class: needs 'storage', the size of the volumes, like '1Gi'",
        ),
        ({"labels": {"coalmine.dev/stack": "a"}}, "labels.coalmine.dev/stack: is set by Coalmine"),
        ({"receivers": {"a": {**REST, "url": "https://a"}}}, "receivers.a.url: unknown key"),
    ],
    ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
)
def test_what_cannot_be_meant_is_refused_with_its_path(tmp_path: Path, options: Any, message: str) -> None:
    with pytest.raises(SpecError) as raised:
        project(tmp_path, **options).load()
    assert f"coalmine:platform.prometheus_operator.{message}" in str(raised.value)
