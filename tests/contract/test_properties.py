"""What holds for every valid spec with every engine, router and metric provider, drawn at random from all there are."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, assume, given, settings

from components.compile import Compiled, routers_of
from components.contracts import Measured
from components.manifests.pod import POD_SUFFIX, REPLICA_SET_SUFFIX
from components.platform.images import FLAGGER_RELEASE
from components.render import to_yaml
from components.spec.app import AppSpec
from components.spec.checks import Check, ErrorRate, Latency, check_name, comparison
from components.spec.cluster import DeliverySpec
from components.spec.promql import selectors

from .definitions import is_known, mistakes
from .drawn import FILE, apps, deliveries, outcome
from .existing import of_others

QUICK = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
Object = Mapping[str, Any]
REVISION = "{{args.revision}}"
_ARGUMENT = re.compile(r"\{\{\s*args\.([A-Za-z0-9_-]+)\s*\}\}")


def compiled(app: Object, delivery: DeliverySpec) -> Compiled:
    """The objects; a spec that is refused is not what the test is about."""
    made = outcome(app, delivery)
    assume(isinstance(made, Compiled))
    assert isinstance(made, Compiled)
    return made


def of_kind(made: Compiled, kind: str) -> list[dict[str, Any]]:
    return [one for one in made.manifests if one["kind"] == kind]


def every(data: Any, key: str) -> Iterator[Any]:
    """Every value that stands at a key, at any depth."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if name == key:
                yield value
            yield from every(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from every(value, key)


@QUICK
@given(apps(), deliveries())
def test_a_spec_becomes_objects_or_findings_with_app_path_and_message(
    app: dict[str, Any], delivery: DeliverySpec
) -> None:
    made = outcome(app, delivery)
    if isinstance(made, Compiled):
        assert made.manifests
        return
    assert made, "refused without a word"
    for problem in made:
        assert (problem.file, problem.app) == (FILE, app["name"])
        assert problem.message
        first = re.split(r"[.\[]", problem.path)[0]
        assert first in AppSpec.model_fields, f"'{problem.path}' leads to nothing that a user can write"


@QUICK
@given(apps(), deliveries())
def test_the_same_spec_becomes_the_same_bytes(app: dict[str, Any], delivery: DeliverySpec) -> None:
    first, second = ([to_yaml(one) for one in compiled(app, delivery).manifests] for _ in range(2))
    assert first == second


@QUICK
@given(apps(), deliveries())
def test_the_upstream_definitions_know_every_field(app: dict[str, Any], delivery: DeliverySpec) -> None:
    """Kinds whose definitions lie here: Kubernetes', Argo Rollouts', Flagger's and Istio's."""
    made = compiled(app, delivery)
    known = [one for one in made.manifests if is_known(one)]
    # The definitions of a later Flagger do not lie here: it knows more providers.
    later = getattr(delivery.engine, "version", FLAGGER_RELEASE) != FLAGGER_RELEASE
    judged = [one for one in known if not (later and one["apiVersion"].startswith("flagger.app/"))]
    assert [said for one in judged for said in mistakes(one)] == []
    named = {one["kind"] for one in known}
    assert named & {"Rollout", "Canary"}, "the engine's own object was not checked"


@QUICK
@given(apps(), deliveries())
def test_weights_never_fall(app: dict[str, Any], delivery: DeliverySpec) -> None:
    made = compiled(app, delivery)
    rollouts = [
        [step["setWeight"] for step in steps if "setWeight" in step]
        for steps in every(of_kind(made, "Rollout"), "steps")
    ]
    canaries = list(every(of_kind(made, "Canary"), "stepWeights"))
    for weights in (*rollouts, *canaries):
        assert weights == sorted(set(weights)), f"{weights} do not rise"
        assert all(0 < weight <= 100 for weight in weights)


def _marks(made: Compiled, delivery: DeliverySpec) -> tuple[set[tuple[str, str, str]], str]:
    """What narrows a series to the version under test, and that version's name in it."""
    rollout, name = bool(of_kind(made, "Rollout")), made.plan.name
    measured = Measured(revision=REVISION) if rollout else Measured(workload=name)
    if made.plan.existing:
        own = f"{name}-{{{{args.pod-hash}}}}" if rollout else f"{name}-{REPLICA_SET_SUFFIX}"
        measured = Measured(workload="" if rollout else name, pods=f"{own}-{POD_SUFFIX}")
    series = routers_of(made.plan, delivery)[0].request_series(made.plan, measured)
    version = measured.revision or measured.workload or measured.pods
    return {(one.label, one.operator, one.value) for one in series.only}, version


def _plain(name: str) -> str:
    """A name without what routers write otherwise in their metrics, e.g. `shop_canary`."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def _queries(made: Compiled, checks: Sequence[Check]) -> list[Object]:
    """What asks a metric provider for some checks; gates, load tests and comparisons ask others."""
    metrics = [metric for one in of_kind(made, "AnalysisTemplate") for metric in one["spec"]["metrics"]]
    names = [check_name(check) for check in checks]
    templates = {f"{made.plan.name}-{name}" for name in names}
    asked = [metric["provider"] for metric in metrics if metric["name"] in names]
    found = (one for one in of_kind(made, "MetricTemplate") if one["metadata"]["name"] in templates)
    return [*asked, *(one["spec"] for one in found)]


@QUICK
@given(apps(), deliveries())
def test_every_gate_measures_the_canary(app: dict[str, Any], delivery: DeliverySpec) -> None:
    made = compiled(app, delivery)
    only, version = _marks(made, delivery)
    # After a switch everybody gets the new version; a cohort's route leads to nothing else.
    names = (
        version,
        made.plan.canary_service,
        f"{made.plan.name}-audience",
        *([made.plan.name] * bool(made.plan.switched)),
        # Filled in by Flagger, with the newest revision of a Knative Service.
        "{{ route }}",
    )
    marks = {mark for mark in only if mark[1] in ("=", "=~") and any(_plain(name) in _plain(mark[2]) for name in names)}
    assert marks, f"{sorted(only)} name no version"
    # Those of an analysis in the background are asked there too.
    assert len(_queries(made, made.plan.checks)) >= len(made.plan.checks), "a check is not asked"
    # What users ask themselves, and what pods use, is narrowed in other ways: tests/contract/test_metrics.py.
    for query in _queries(made, [check for check in made.plan.checks if isinstance(check, ErrorRate | Latency)]):
        text = json.dumps(query)
        assert all(json.dumps(value)[1:-1] in text for _, _, value in marks), (
            f"{text} does not measure the canary alone"
        )
        narrowed = {(label, operator, _filled(value)) for label, operator, value in only}
        for promql in _promql(query):
            for selector in selectors(_filled(promql)):
                missing = sorted(narrowed - selector.matchers)
                assert not missing, f"{selector.metric} counts others too: {missing} is missing"


def _filled(text: str) -> str:
    """With the arguments of an analysis filled in, which no expression may hold."""
    return re.sub(r"\{\{args\.([a-z-]+)\}\}", r"\1", text)


def _promql(query: Object) -> Iterator[str]:
    asked = query.get("prometheus", query if query.get("provider", {}).get("type") == "prometheus" else {})
    if asked.get("query"):
        yield asked["query"]


@QUICK
@given(apps(), deliveries())
def test_every_check_of_every_stage_is_a_gate(app: dict[str, Any], delivery: DeliverySpec) -> None:
    made = compiled(app, delivery)
    for rollout in of_kind(made, "Rollout"):
        checked = [run for run in _runs(rollout) if {"templateName": made.plan.name} in run["templates"]]
        assert len(checked) == len(made.plan.stages), "a stage is left without its checks"
    for canary in of_kind(made, "Canary"):
        compared = [check for check in made.plan.checks if comparison(check)]
        assert len(canary["spec"]["analysis"]["metrics"]) == len(made.plan.checks) + len(compared)
        assert not canary["spec"].get("skipAnalysis")


@QUICK
@given(apps(), deliveries())
def test_every_reference_leads_to_an_object_and_every_argument_is_given(
    app: dict[str, Any], delivery: DeliverySpec
) -> None:
    made = compiled(app, delivery)
    assert list(_astray(made)) == []


_REFERENCES: Mapping[str, str] = {
    "canaryService": "Service",
    "stableService": "Service",
    "activeService": "Service",
    "previewService": "Service",
    "pingService": "Service",
    "pongService": "Service",
    "templateName": "AnalysisTemplate",
}
"""Field of a Rollout -> kind of the object that it names."""


def _astray(made: Compiled) -> Iterator[str]:
    """What names an object of the app's that is not made."""
    there = {(one["kind"], one["metadata"]["name"]) for one in (*made.manifests, *of_others(made.plan))}
    for kind, name in (*_named_by_rollouts(made), *_named_by_canaries(made), *_named_by_kind(made)):
        if (kind, name) not in there:
            yield f"no {kind} '{name}'"
    for rollout in of_kind(made, "Rollout"):
        yield from _unfilled(made, rollout)
    for secret in every(_queries(made, made.plan.checks), "secretKeyRef"):
        if not (secret.get("name") and secret.get("key")):
            yield f"a secret without a name: {secret}"


def _named_by_rollouts(made: Compiled) -> Iterator[tuple[str, str]]:
    for field, kind in _REFERENCES.items():
        yield from ((kind, name) for name in every(of_kind(made, "Rollout"), field))


def _named_by_canaries(made: Compiled) -> Iterator[tuple[str, str]]:
    for reference in every(of_kind(made, "Canary"), "templateRef"):
        assert reference["namespace"] == made.plan.namespace, f"another team's template: {reference}"
        yield "MetricTemplate", reference["name"]


def _named_by_kind(made: Compiled) -> Iterator[tuple[str, str]]:
    """References that say the kind themselves."""
    engines = [*of_kind(made, "Canary"), *of_kind(made, "HorizontalPodAutoscaler")]
    for field in ("targetRef", "autoscalerRef", "scaleTargetRef"):
        yield from ((one["kind"], one["name"]) for one in every(engines, field))


def _unfilled(made: Compiled, rollout: Object) -> Iterator[str]:
    """Arguments that are used and not declared, or needed and not given."""
    templates = {one["metadata"]["name"]: one["spec"] for one in of_kind(made, "AnalysisTemplate")}
    for name, spec in templates.items():
        declared = {arg["name"]: arg for arg in spec.get("args", [])}
        used = set(_ARGUMENT.findall(json.dumps(spec["metrics"])))
        if not used <= set(declared):
            yield f"{name}: uses {sorted(used)}, declares {sorted(declared)}"
        for run in _runs(rollout):
            given_ = {arg["name"] for arg in run.get("args", [])}
            needed = {arg for arg, one in declared.items() if "value" not in one and "valueFrom" not in one}
            if {"templateName": name} in run["templates"] and not needed <= given_ <= set(declared):
                yield f"{name}: is given {sorted(given_)}, needs {sorted(needed)}"


def _runs(data: Any) -> Iterator[Object]:
    if isinstance(data, Mapping):
        if isinstance(data.get("templates"), list):
            yield data
        for value in data.values():
            yield from _runs(value)
    elif isinstance(data, list):
        for value in data:
            yield from _runs(value)
