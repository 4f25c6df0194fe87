"""Objects for the Prometheus operator of the cluster: what is scraped, the rules, and who hears of alerts.

They say what the server of the piece `prometheus` is told, in the operator's words; the operator is the cluster's own.
Source: prometheus-operator's pkg/prometheus/promcfg.go (what a PodMonitor becomes) and pkg/alertmanager/amcfg.go.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...manifests.meta import Manifest, without_nothing
from ...metrics.prometheus import PrometheusProvider
from ...observability.alert import all_alerts
from ...observability.rules import rule_groups
from ...observability.watched import Watched, watched
from ...spec.cluster import StackSpec
from ...spec.prometheus_operator import NOBODY, AlertReceiver, PrometheusOperatorOptions
from ..bundle import bundle_of
from ..images import ALERTMANAGER_IMAGE
from ..piece import Piece, Stages, pieces_of, pod_security, restricted_pod
from ..scraping import PATH_OF_APPS, Rule, of_annotated, of_apps, timeout
from ..upstream import resources

NAME = "coalmine"

_GROUP = "monitoring.coreos.com"
_USER = 65534
_WORDS = {"source_labels": "sourceLabels", "target_label": "targetLabel"}
"""Keys of relabelling rules that the operator spells otherwise."""
_SECRETS = {"pagerduty": ("pagerdutyConfigs", "routingKey"), "slack": ("slackConfigs", "apiURL")}
_SECRETS["webhook"] = ("webhookConfigs", "urlSecret")
"""By kind of receiver, the list of its configurations and the field that refers to its Secret."""


def stages(stack: StackSpec) -> Stages:
    """Its objects where no app is known."""
    return watching(watched(stack, (), {}))


def watching(look: Watched) -> Stages:
    """What is scraped, the rules, and who hears of alerts; then the Alertmanager that reads the latter."""
    options = look.stack.platform.prometheus_operator
    rules = [_rules(options, name, groups) for name, groups in rule_groups(look)]
    told = [_receivers(options)] if options.receivers else []
    first = [*_monitors(look), *rules, *told]
    return (first, [_alertmanager(look.stack)]) if options.alertmanager else (first,)


def _monitors(look: Watched) -> Iterator[Manifest]:
    """Every pod is selected by one of them at most: their namespaces differ."""
    apps = sorted({app.plan.namespace for app in look.apps})
    if apps:
        yield _monitor(look.stack, "apps", apps, {"path": PATH_OF_APPS}, of_apps())
    pieces = sorted({name for piece in pieces_of(look.stack) for name in piece.namespaces(look.stack)})
    yield _monitor(look.stack, "annotated", pieces, {}, of_annotated())


def _monitor(
    stack: StackSpec, job: str, namespaces: list[str], endpoint: Mapping[str, str], rules: list[Rule]
) -> Manifest:
    interval = _provider(stack).scrape_interval
    # The same series as by the server's own jobs: of each pod one, whatever ports its containers name.
    alike: list[Rule] = [
        {"target_label": "container", "replacement": ""},
        {"target_label": "job", "replacement": job},
    ]
    asked = {
        **endpoint,
        "interval": str(interval),
        "scrapeTimeout": str(timeout(interval)),
        "relabelings": [_in_its_words(rule) for rule in (*rules, *alike)],
    }
    spec = {"selector": {}, "namespaceSelector": {"matchNames": namespaces}, "podMetricsEndpoints": [asked]}
    return _object(stack.platform.prometheus_operator, "PodMonitor", spec, name=f"{NAME}-{job}")


def _in_its_words(rule: Rule) -> Rule:
    return {"action": "replace", **{_WORDS.get(key, key): value for key, value in rule.items()}}


def _rules(options: PrometheusOperatorOptions, name: str, groups: list[dict[str, Any]]) -> Manifest:
    return _object(options, "PrometheusRule", {"groups": groups}, name=name if name == NAME else f"{NAME}-{name}")


def _receivers(options: PrometheusOperatorOptions) -> Manifest:
    """An alert reaches everybody whose route it matches; what matches none is sent to nobody."""
    routes = [_route(name, one, options) for name, one in sorted(options.receivers.items())]
    receivers = [{"name": NOBODY}, *(_receiver(name, one) for name, one in sorted(options.receivers.items()))]
    route = {"receiver": NOBODY, "groupBy": ["alertname", "namespace", "app"], "routes": routes}
    return _object(options, "AlertmanagerConfig", {"route": route, "receivers": receivers}, version="v1alpha1")


def _route(name: str, receiver: AlertReceiver, options: PrometheusOperatorOptions) -> dict[str, Any]:
    """Only of alerts that the rules here fire: the cluster's Alertmanager has others, too."""
    ours = _matcher("alertname", "=~", "|".join(sorted(alert.name for alert in all_alerts())))
    return {"receiver": name, "matchers": [ours, *_whose(receiver, options)], "continue": True}


def _whose(receiver: AlertReceiver, options: PrometheusOperatorOptions) -> list[dict[str, str]]:
    if receiver.owner is not None:
        return [_matcher("owner", "=", receiver.owner)]
    owned = {one.owner for one in options.receivers.values() if one.owner is not None}
    return [_matcher("owner", "!=", owner) for owner in sorted(owned)]


def _matcher(name: str, how: str, value: str) -> dict[str, str]:
    return {"name": name, "matchType": how, "value": value}


def _receiver(name: str, receiver: AlertReceiver) -> dict[str, Any]:
    configurations, field = _SECRETS[receiver.kind]
    secret = {"name": receiver.secret, "key": receiver.key}
    one = without_nothing({field: secret, "channel": receiver.channel, "sendResolved": True})
    return {"name": name, configurations: [one]}


def _alertmanager(stack: StackSpec) -> Manifest:
    options, bundle = stack.platform.prometheus_operator, bundle_of(stack)
    if options.alertmanager is None:
        raise TypeError("no Alertmanager is asked for")
    given = options.alertmanager
    claim = without_nothing(
        {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": str(given.storage)}},
            "storageClassName": given.storage_class,
        }
    )
    spec = {
        "replicas": given.replicas,
        "image": bundle.image(ALERTMANAGER_IMAGE),
        "version": bundle.tag(ALERTMANAGER_IMAGE),
        # As a whole, so that the operator asks for no `namespace` on alerts: those of apps have their own.
        "alertmanagerConfiguration": {"name": NAME},
        "automountServiceAccountToken": False,
        "securityContext": restricted_pod(_USER, owns_volumes=True),
        "storage": {"volumeClaimTemplate": {"spec": claim}} if given.storage else None,
        "resources": resources(given.resources) if given.resources else None,
    }
    return _object(options, "Alertmanager", without_nothing(spec))


def _object(
    options: PrometheusOperatorOptions, kind: str, spec: Mapping[str, Any], *, name: str = NAME, version: str = "v1"
) -> Manifest:
    metadata = {"name": name, "namespace": options.namespace, "labels": dict(options.labels)}
    return {
        "apiVersion": f"{_GROUP}/{version}",
        "kind": kind,
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": dict(spec),
    }


def _provider(stack: StackSpec) -> PrometheusProvider:
    if not isinstance(stack.delivery.metrics, PrometheusProvider):
        raise TypeError(f"metrics '{stack.delivery.metrics.kind}' are not Prometheus'")
    return stack.delivery.metrics


def _problems(stack: StackSpec) -> list[tuple[str, str]]:
    found = []
    if stack.platform.prometheus.install:
        message = "the operator's Prometheus and this one would both tell of every alert: set it to false"
        found.append(("platform.prometheus.install", message))
    if _provider(stack).of_the_platform:
        message = "is where no server will be: write that of the operator's, like"
        found.append(("delivery.metrics.address", f"{message} 'http://prometheus-operated.monitoring.svc:9090'"))
    return found


PIECE = Piece(
    name="prometheus-operator",
    token="coalmine:index:PrometheusOperator",
    serves=("metrics", "prometheus"),
    namespaces=lambda stack: {stack.platform.prometheus_operator.namespace: pod_security("restricted")},
    stages=stages,
    watching=watching,
    problems=_problems,
)
