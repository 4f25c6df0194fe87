"""Values that are valid alone and do not fit together, or that would make a gate that cannot fail."""

from pathlib import Path
from typing import Any

import pytest

from tests.specs import REMOVED, app_messages, changed, example_app

SHOP = example_app()
FULL = example_app("full-workload")
TEMPLATE = example_app("pod-template")
SCALED = example_app("autoscaled")
WEIGHT = ("delivery", "steps", 1, "weight")
CHECK = ("delivery", "analysis", "checks", 0)
POD = ("workload", "pod_template")
CONTAINER = (*POD, "spec", "containers", 0)

CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "weight above 100": (
        changed(SHOP, "delivery", "steps", 2, "weight", to=120),
        ["delivery.steps[2].weight: 120 is too large: at most 100"],
    ),
    "weight of 0": (
        changed(SHOP, "delivery", "steps", 0, "weight", to=0),
        ["delivery.steps[0].weight: 0 is too small: at least 1"],
    ),
    "weight as text": (
        changed(SHOP, *WEIGHT, to="25%"),
        ["delivery.steps[1].weight: must be a whole number, not '25%'"],
    ),
    "weight as truth": (
        changed(SHOP, *WEIGHT, to=True),
        ["delivery.steps[1].weight: must be a whole number, not True"],
    ),
    "steps that fall": (
        changed(SHOP, "delivery", "steps", 2, "weight", to=6),
        ["delivery.steps[2].weight: weights must rise: 6 is not above 25"],
    ),
    "steps that stay": (
        changed(SHOP, *WEIGHT, to=5),
        ["delivery.steps[1].weight: weights must rise: 5 is not above 5"],
    ),
    "fewer pods than the weight needs": (
        changed(SHOP, "delivery", "steps", 2, "scale", to="30%"),
        ["delivery.steps[2].scale: must be at least the weight: 50% of the requests would come to 30% of the pods"],
    ),
    "fewer pods than the weight of a step before": (
        changed(SHOP, "delivery", "steps", 2, to={"mirror": {}, "scale": "20%", "hold": "10m"}),
        ["delivery.steps[2].scale: must be at least the weight: 25% of the requests would come to 20% of the pods"],
    ),
    "no steps": (changed(SHOP, "delivery", "steps", to=[]), ["delivery.steps: must not be empty"]),
    "wordy duration": (
        changed(SHOP, "delivery", "steps", 0, "hold", to="5 minutes"),
        ["delivery.steps[0].hold: '5 minutes' is not a duration (did you mean '5m'?)"],
    ),
    "hold shorter than the checks need": (
        changed(SHOP, "delivery", "analysis", "tolerated_failures", to=4),
        [
            f"delivery.steps[{step}].hold: 2m is too short, no check could fail in it: "
            "analysis.interval x (tolerated_failures + 1) is 2m30s"
            for step in range(3)
        ],
    ),
    "check without a limit": (
        changed(SHOP, *CHECK, to={"kind": "error_rate"}),
        ["delivery.analysis.checks[0].max: is required"],
    ),
    "check without a kind": (changed(SHOP, *CHECK, to={"max": "1%"}), ["delivery.analysis.checks[0]: needs a 'kind'"]),
    "unknown kind of check": (
        changed(SHOP, *CHECK, "kind", to="eror_rate"),
        ["delivery.analysis.checks[0]: unknown kind 'eror_rate' (did you mean 'error_rate'?)"],
    ),
    "unknown quantile": (
        changed(SHOP, "delivery", "analysis", "checks", 1, "quantile", to="p98"),
        ["delivery.analysis.checks[1].quantile: 'p98' is not allowed (did you mean 'p99'?)"],
    ),
    "no checks": (
        changed(SHOP, "delivery", "analysis", "checks", to=[]),
        ["delivery.analysis.checks: must not be empty"],
    ),
    "one check twice": (
        changed(SHOP, "delivery", "analysis", "checks", 1, to={"kind": "error_rate", "max": "2%"}),
        ["delivery.analysis.checks[1]: 'error-rate' is checked twice"],
    ),
    "an error rate that cannot be exceeded": (
        changed(SHOP, *CHECK, "max", to="100%"),
        ["delivery.analysis.checks[0].max: must be below 100%: a check that cannot fail decides nothing"],
    ),
    "a latency no histogram reaches": (
        changed(SHOP, "delivery", "analysis", "checks", 1, "max", to="2h"),
        ["delivery.analysis.checks[1].max: must be longer than 0s and at most 30m"],
    ),
    "a bare number as a share": (
        changed(SHOP, *CHECK, "max", to=0.01),
        ["delivery.analysis.checks[0].max: 0.01 is ambiguous: write it with a sign (did you mean '0.01%' or '1.00%'?)"],
    ),
    "too short an interval": (
        changed(SHOP, "delivery", "analysis", "interval", to="9s"),
        [
            "delivery.analysis.interval: must be at least 10s: shorter windows hold too few samples",
        ],
    ),
    "too short an interval for the scrapes": (
        changed(SHOP, "delivery", "analysis", "interval", to="12s"),
        ["delivery.analysis.interval: 12s is too short for a scrape interval of 5s: at least 20s"],
    ),
    "a path with its query": (
        changed(SHOP, "traffic", "match", to=[{"path": {"exact": "/cart?a"}}]),
        ["traffic.match[0].path.exact: '/cart?a' is not a path: begin with '/' and leave the query out, like '/cart'"],
    ),
    "two ways to match a path": (
        changed(SHOP, "traffic", "match", to=[{"path": {"exact": "/a", "prefix": "/b"}}]),
        ["traffic.match[0].path: give exactly one of prefix, exact, regex (found prefix and exact)"],
    ),
    "an entry that matches everything": (
        changed(SHOP, "traffic", "match", to=[{"path": {"prefix": "/cart"}}, {}]),
        ["traffic.match[1]: give 'path', 'headers' or both: an entry without them matches everything"],
    ),
    "an entry twice": (
        changed(SHOP, "traffic", "match", to=[{"path": {"prefix": "/cart"}}] * 2),
        ["traffic.match[1]: is there twice"],
    ),
    "a host as a header": (
        changed(SHOP, "traffic", "match", to=[{"headers": {"host": {"exact": "a.example.com"}}}]),
        ["traffic.match[0].headers.host: is chosen by traffic.hosts: write it there"],
    ),
    "a header in capitals": (
        changed(SHOP, "traffic", "match", to=[{"headers": {"X-User": {"exact": "a"}}}]),
        [
            "traffic.match[0].headers.X-User: 'X-User' is not a header's name: "
            "use lower-case letters, digits, '-' and '_'",
        ],
    ),
    "a header that Istio ignores": (
        changed(SHOP, "traffic", "match", to=[{"headers": {"method": {"exact": "GET"}}}]),
        ["traffic.match[0].headers.method: is ignored by Istio: it cannot be a condition"],
    ),
    "no expression": (
        changed(SHOP, "traffic", "match", to=[{"path": {"regex": "/(cart"}}]),
        [
            "traffic.match[0].path.regex: '/(cart' is not a regular expression: "
            "missing ), unterminated subpattern at position 1",
        ],
    ),
    "an expression that Envoy lacks": (
        changed(SHOP, "traffic", "match", to=[{"path": {"regex": "/(?!admin).*"}}]),
        ["traffic.match[0].path.regex: '/(?!admin).*' uses '(?!', which RE2 lacks: a router would refuse it"],
    ),
    "a label of the stack": (
        changed(SHOP, "labels", to={"coalmine.dev/stack": "mine"}),
        ["labels.coalmine.dev/stack: is set by Coalmine: it says who owns the object"],
    ),
    "a label of the releases": (
        changed(SHOP, "labels", to={"version": "1"}),
        ["labels.version: is set by Coalmine: releases and metrics are told apart by it"],
    ),
    "a name of its own in Istio's metrics": (
        changed(SHOP, "workload", "labels", to={"service.istio.io/canonical-name": "other"}),
        [
            "workload.labels.service.istio.io/canonical-name: renames the app in Istio's metrics, "
            "so that no check would find any: leave it out",
        ],
    ),
    "a name of its own in a template": (
        changed(TEMPLATE, *POD, "metadata", "labels", to={"service.istio.io/canonical-name": "other"}),
        [
            "workload.pod_template.metadata.labels.service.istio.io/canonical-name: renames the app in Istio's "
            "metrics, so that no check would find any: leave it out",
        ],
    ),
    "deadline before readiness": (
        changed(SHOP, "delivery", "rollback", to={"deadline": "10s"}),
        ["delivery.rollback.deadline: 10s must be longer than workload.min_ready, 10s"],
    ),
    "another strategy": (
        changed(SHOP, "delivery", "strategy", to="canari"),
        ["delivery.strategy: unknown strategy 'canari' (did you mean 'canary'?)"],
    ),
    "replicas and scaling": (
        changed(SHOP, "scaling", to={"min": 2, "max": 3}),
        ["give either 'replicas' or 'scaling': one owner sets the pod count"],
    ),
    "neither replicas nor scaling": (
        changed(SHOP, "replicas", to=REMOVED),
        ["give either 'replicas' or 'scaling': one owner sets the pod count"],
    ),
    "one pod": (changed(SHOP, "replicas", to=1), ["replicas: run at least 2 pods: with one, every drain is an outage"]),
    "more pods than a computer counts": (
        changed(SHOP, "replicas", to=2**31),
        ["replicas: 2147483648 is too large: at most 2147483647"],
    ),
    "max below min": (changed(SCALED, "scaling", "max", to=2), ["scaling.max: 2 is below min 3"]),
    "part of a percent": (
        changed(SCALED, "scaling", "cpu", to="70.5%"),
        ["scaling.cpu: 70.5% must be a whole percentage from 1% to 100%"],
    ),
    "scaling on nothing": (
        changed(SCALED, "workload", "resources", "requests", "cpu", to=REMOVED),
        ["workload.resources.requests.cpu: is required with 'scaling': the autoscaler measures CPU use against it"],
    ),
    "scaling a template without requests": (
        changed(changed(TEMPLATE, "replicas", to=REMOVED), "scaling", to={"min": 2, "max": 3})
        | {"workload": changed(TEMPLATE, *CONTAINER, "resources", to={})["workload"]},
        [
            "workload.pod_template.spec.containers[0].resources.requests.cpu: is required with 'scaling': "
            "the autoscaler measures CPU use against it"
        ],
    ),
    "a drain that takes all": (
        changed(SHOP, "disruption", to={"max_unavailable": 4}),
        ["disruption.max_unavailable: must be below 4, the lowest number of pods"],
    ),
    "a host twice": (
        changed(SHOP, "traffic", "hosts", to=["a.example.com", "a.example.com"]),
        ["traffic.hosts[1]: 'a.example.com' is there twice"],
    ),
    "no timeout at all": (changed(SHOP, "traffic", "timeout", to="0s"), ["traffic.timeout: must be longer than 0s"]),
    "no image": (
        changed(SHOP, "workload", "image", to=REMOVED),
        ["workload.image: is required (or a full 'pod_template')"],
    ),
    "no port": (
        changed(SHOP, "workload", "port", to=REMOVED),
        ["workload.port: give either 'port' or 'ports': the port that receives traffic, like 8080"],
    ),
    "two ports of one name": (
        changed(FULL, "workload", "ports", 1, "name", to="http"),
        ["workload.ports[1].name: 'http' is there twice"],
    ),
    "traffic on UDP": (
        changed(FULL, "workload", "ports", 0, "protocol", to="UDP"),
        ["workload.ports[0].protocol: must be TCP: the first port receives the traffic"],
    ),
    "a number as a variable": (
        changed(FULL, "workload", "env", "CURRENCY", to=5),
        [
            "workload.env.CURRENCY: write text in quotes, or a mapping with 'secret' or 'config' and 'key', or 'field'",
        ],
    ),
    "a secret without its key": (
        changed(FULL, "workload", "env", "CURRENCY", to={"secret": "x"}),
        ["workload.env.CURRENCY.key: is required"],
    ),
    "all variables of two things": (
        changed(FULL, "workload", "env_from", 0, "config", to="x"),
        ["workload.env_from[0]: give exactly one of secret, config (found secret and config)"],
    ),
    "a probe that asks twice": (
        changed(FULL, "workload", "probes", "liveness", "tcp", to=9000),
        ["workload.probes.liveness: give exactly one of http, tcp, grpc, exec (found tcp and grpc)"],
    ),
    "a probe's port without http": (
        changed(FULL, "workload", "probes", "liveness", "port", to=9000),
        ["workload.probes.liveness.port: belongs to 'http'; for 'tcp' and 'grpc' the value is the port"],
    ),
    "a volume of nothing": (
        changed(FULL, "workload", "volumes", 0, "config", to=REMOVED),
        ["workload.volumes[0]: give exactly one of config, secret, claim, empty_dir (found none)"],
    ),
    "two volumes of one name": (
        changed(FULL, "workload", "volumes", 1, "name", to="settings"),
        ["workload.volumes[1].name: 'settings' is there twice"],
    ),
    "two volumes in one place": (
        changed(FULL, "workload", "volumes", 1, "mount", to="/etc/checkout"),
        ["workload.volumes[1].mount: '/etc/checkout' is there twice"],
    ),
    "a label of Coalmine's": (
        changed(FULL, "workload", "labels", to={"version": "2"}),
        ["workload.labels.version: is set by Coalmine: releases and metrics are told apart by it"],
    ),
    "a template and an image": (
        changed(TEMPLATE, "workload", "image", to="search:1"),
        ["workload.image: is excluded by 'pod_template': write it inside the template"],
    ),
    "a template and telemetry": (
        changed(TEMPLATE, "workload", "telemetry", to=True),
        ["workload.telemetry: is excluded by 'pod_template': write it inside the template"],
    ),
    "telemetry and a variable of its": (
        changed(FULL, "workload", "env", to={"OTEL_RESOURCE_ATTRIBUTES": "a=b"}),
        ["workload.env.OTEL_RESOURCE_ATTRIBUTES: is set by 'telemetry': leave one of the two out"],
    ),
    "a template and a grace": (
        changed(TEMPLATE, "workload", "termination_grace", to="5s"),
        ["workload.termination_grace: is excluded by 'pod_template': write it inside the template"],
    ),
    "a template and how its pods spread": (
        {**TEMPLATE, "disruption": {"nodes": "prefer"}},
        ["disruption.nodes: is excluded by 'pod_template': write 'topologySpreadConstraints' there"],
    ),
    "a template without a version": (
        changed(TEMPLATE, "workload", "version", to=REMOVED),
        ["workload.version: is required with 'pod_template', like \"1.4.0\""],
    ),
    "a template without containers": (
        changed(TEMPLATE, *POD, "spec", to={}),
        ["workload.pod_template.spec.containers: must hold at least one container"],
    ),
    "a template's image that can change": (
        changed(TEMPLATE, *CONTAINER, "image", to="search:latest"),
        [
            "workload.pod_template.spec.containers[0].image: 'search:latest' can change under you: "
            "name a version, like 'search:1.4.0'"
        ],
    ),
    "a template's key that nobody reads": (
        changed(TEMPLATE, *POD, "status", to={}),
        ["workload.pod_template.status: unknown key (known: metadata, spec)"],
    ),
    "a template's label of Coalmine's": (
        changed(TEMPLATE, *POD, "metadata", "labels", to={"app.kubernetes.io/name": "other"}),
        [
            "workload.pod_template.metadata.labels.app.kubernetes.io/name: is set by Coalmine: "
            "releases and metrics are told apart by it"
        ],
    ),
    "annotations of an account that exists": (
        changed(SHOP, "workload", "service_account", to={"existing": "shared", "annotations": {"a": "b"}}),
        ["workload.service_account.annotations: belong to 'shared', which is not made here: write them there"],
    ),
    "a template's number as an annotation": (
        changed(TEMPLATE, *POD, "metadata", "annotations", to={"a": 1}),
        ["workload.pod_template.metadata.annotations.a: must be text: write it in quotes"],
    ),
    "a template's own account": (
        changed(TEMPLATE, *POD, "spec", "serviceAccountName", to="root"),
        ["workload.pod_template.spec.serviceAccountName: is set by workload.service_account: write it there"],
    ),
    "a number as a version": (
        changed(SHOP, "workload", "version", to=1.1),
        ["workload.version: must be text, not 1.1 (write it in quotes)"],
    ),
    "an empty value": (changed(SHOP, "traffic", to=None), ["traffic: must be a mapping of keys to values, not empty"]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.trap(8, 29)
def test_a_mistake_is_refused_at_its_place(name: str, tmp_path: Path) -> None:
    app, expected = CASES[name]
    assert app_messages(tmp_path, app) == expected


def test_the_examples_these_cases_start_from_are_valid(tmp_path: Path) -> None:
    assert [app_messages(tmp_path, app) for app in (SHOP, FULL, TEMPLATE, SCALED)] == [[], [], [], []]


def test_mistakes_of_values_and_of_rules_are_reported_together(tmp_path: Path) -> None:
    app = changed(changed(SHOP, "delivery", "steps", 2, "weight", to=6), "delivery", "steps", 0, "hold", to="5 minutes")
    assert app_messages(tmp_path, changed(app, "replicas", to=REMOVED)) == [
        "give either 'replicas' or 'scaling': one owner sets the pod count",
        "delivery.steps[0].hold: '5 minutes' is not a duration (did you mean '5m'?)",
        "delivery.steps[2].weight: weights must rise: 6 is not above 25",
    ]
