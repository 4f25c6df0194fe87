"""Plain documents under the rules: the same verdict as through Pulumi's SDK, and no document that a rule fails at."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.configuration import ConfigurationError, Level, configured
from policies.documents import Manifest, NoObject, Verdict, judge, manifests, note_about
from policies.facts import KubeObject
from policies.pods import SERVICE
from policies.registry import discover
from policies.rollouts import ROLLOUT, TEMPLATE
from policies.rule import ObjectRule, StackRule
from tests.unit.docs_pages import DOCS, blocks

from .support import ARGO, NOW, Engine, rollout, template

_EXEMPTED = [
    *(
        "first-step-weight",
        "weight-held",
        "deadline-abort",
        "metric-condition",
        "minimum-replicas",
        "templates-resolve",
    ),
    *("right-types", "error-rate-and-latency", "first-step"),
]
_UNTIL = ["2026-12-10", "2026-12-01", "2026-11-30", "2027-12-10", "2026-12-01T14:00Z", "2026-02-30", 7]
_WRITTEN = st.one_of(
    *[st.just(json.dumps({"owner": "shop", "reason": "it is tried", "until": until})) for until in _UNTIL],
    st.sampled_from(["", "{}", "[]", "{", None, 7, {"owner": "shop"}, '{"owner": "shop", "until": "2026-12-10"}']),
)
_EXEMPTIONS = st.dictionaries(
    st.sampled_from([f"exemptions.coalmine.dev/{rule}" for rule in _EXEMPTED]), _WRITTEN, max_size=4
)
_TEXTS = st.sampled_from(["", "shop", "checkout", "error-rate", "latency_p99", "5m", "0s", "Rollout", "Deployment"])
_HUGE = (10**400, -(10**308), float("inf"), float("nan"), 1e308)


def _values(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Anything a document may hold."""
    return st.recursive(
        st.one_of(st.none(), st.booleans(), numbers, _TEXTS),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3)
        ),
        max_leaves=6,
    )


_KEYS = ["templates", "templateName", "clusterScope", "duration", "name", "provider", "job", "kind", "metrics"]


def _near(junk: st.SearchStrategy[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A mapping in which each field is absent, as it should be, or something else; or no mapping at all."""
    optional = {name: st.one_of(good, good, junk) for name, good in fields.items()}
    return st.one_of(st.fixed_dictionaries({}, optional=optional), st.fixed_dictionaries({}, optional=optional), junk)


def _stacks(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Objects that the rules look at, nearly right and quite wrong."""
    junk = _values(numbers)
    weights = st.one_of(st.integers(0, 100), numbers)
    reference = _near(junk, templateName=_TEXTS, clusterScope=st.booleans())
    analysis = _near(junk, templates=st.lists(reference, max_size=2), startingStep=st.integers(0, 5))
    step = _near(
        junk, setWeight=weights, pause=_near(junk, duration=_TEXTS), analysis=analysis, experiment=_near(junk, a=junk)
    )
    routing = _near(junk, maxTrafficWeight=weights)
    canary = _near(junk, steps=st.lists(step, max_size=5), analysis=analysis, trafficRouting=routing)
    strategy = _near(junk, canary=canary, blueGreen=_near(junk, prePromotionAnalysis=analysis))
    release = _near(junk, strategy=strategy, replicas=weights, progressDeadlineAbort=st.booleans())
    metric = _near(junk, name=_TEXTS, successCondition=_TEXTS, provider=_near(junk, job=junk, prometheus=junk))
    measured = _near(junk, metrics=st.lists(metric, max_size=2), templates=st.lists(reference, max_size=2))
    target = _near(junk, kind=st.just("Rollout"), name=_TEXTS)
    scaling = _near(junk, minReplicas=weights, minReplicaCount=weights, scaleTargetRef=target)
    return st.lists(
        st.one_of(
            _object(f"{ARGO}/v1alpha1", "Rollout", release),
            _object(f"{ARGO}/v1alpha1", "AnalysisTemplate", measured),
            _object(f"{ARGO}/v1alpha1", "ClusterAnalysisTemplate", measured, namespaced=False),
            _object("autoscaling/v2", "HorizontalPodAutoscaler", scaling),
            _object("keda.sh/v1alpha1", "ScaledObject", scaling),
        ),
        min_size=1,
        max_size=4,
    )


def _object(
    api_version: str, kind: str, spec: st.SearchStrategy[Any], namespaced: bool = True
) -> st.SearchStrategy[dict[str, Any]]:
    metadata = {"name": st.sampled_from(["shop", "checkout"])}
    if namespaced:
        metadata["namespace"] = st.sampled_from(["shop", "default"])
    named = st.fixed_dictionaries(metadata, optional={"annotations": _EXEMPTIONS})
    fixed = {"apiVersion": st.just(api_version), "kind": st.just(kind), "metadata": named}
    return st.fixed_dictionaries({**fixed, "spec": spec})


def _subjects(documents: Sequence[Mapping[str, Any]]) -> list[KubeObject]:
    found = [one for document in documents for one in manifests(document)]
    assert all(isinstance(one, Manifest) for one in found)
    return [one.subject for one in found if isinstance(one, Manifest)]


def _judged(*documents: Mapping[str, Any], config: Any = None) -> Verdict:
    return judge(_subjects(documents), configured(discover().values(), config or {}))


ENTRIES = {
    "days": 60,
    "entries": [
        {"rule": rule, "objects": ["Rollout shop/*"], "owner": "site", "reason": "it is old", "until": until}
        for rule, until in [("old-pods-wait", "2026-12-20"), ("deadline-abort", "2026-11-01")]
    ],
}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(_stacks(st.integers(-5, 200)))
def test_the_verdict_is_the_one_through_pulumi_s_sdk(stack: list[dict[str, Any]]) -> None:
    config = {"exemptions": ENTRIES}
    engine = Engine(config=config, now=NOW)
    expected = [(rule, text) for body in stack for rule, said in engine.analyze(body).items() for text in said]
    stack_rules = engine.analyze_stack(*stack)
    expected += [(rule, text.partition(" | ")[2]) for rule, said in stack_rules.items() for text in said]
    verdict = judge(_subjects(stack), configured(discover().values(), config, NOW))
    found = [(one.rule.rule.id, one.message) for one in verdict.breaches]
    found += [(note_about(one.rule.rule).id, one.message) for one in verdict.exempted]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("number", _HUGE, ids=["10**400", "-10**308", "inf", "nan", "1e308"])
def test_no_number_is_too_large_for_a_rule(number: float) -> None:
    routing = {"maxTrafficWeight": number}
    analysis = {"templates": [{"templateName": "checkout"}], "startingStep": number}
    steps = ({"setWeight": number}, {"pause": {"duration": number}}, {"setWeight": 5})
    for body in (rollout(*steps), rollout(*steps, trafficRouting=routing, analysis=analysis)):
        body["spec"]["replicas"] = number
        assert _judged(body, template({"name": number})).refused


@given(_values(st.sampled_from(_HUGE)))
def test_whatever_a_document_is_it_holds_objects_or_says_why_not(document: Any) -> None:
    assert all(isinstance(one, Manifest) or one.message for one in manifests(document))


def test_what_is_counted() -> None:
    other = {"apiVersion": "v1", "kind": "Service"}
    verdict = _judged(rollout({"setWeight": 5}), rollout({"setWeight": 5}), template(), other)
    about = {
        kind: [rule for rule in discover().values() if kind in rule.kinds] for kind in (ROLLOUT, TEMPLATE, SERVICE)
    }
    each = [sum(isinstance(rule, ObjectRule) for rule in about[kind]) for kind in (ROLLOUT, TEMPLATE, SERVICE)]
    stack = {rule.id for rules in about.values() for rule in rules if isinstance(rule, StackRule)}
    named = {rule.id for rules in about.values() for rule in rules}
    assert (verdict.given, verdict.rules, verdict.objects) == (4, len(named), 4)
    assert verdict.evaluations == 2 * each[0] + each[1] + each[2] + len(stack)


def test_mandatory_violations_come_first() -> None:
    found = _judged(rollout(), rollout({"setWeight": 30}), config={"weight-jump": "advisory"}).breaches
    levels = [one.rule.level for one in found]
    assert levels == sorted(levels, key=[Level.MANDATORY, Level.ADVISORY].index)
    assert len(set(levels)) == 2


def test_lists_in_lists_are_opened() -> None:
    inner = {"apiVersion": "v1", "kind": "List", "items": [rollout(), 7]}
    outer = {"apiVersion": "v1", "kind": "List", "items": [inner, {"apiVersion": "v1", "kind": "List", "items": None}]}
    first, second = manifests(outer)
    assert (first.place, isinstance(first, Manifest)) == ("items[0].items[0]", True)
    assert second == NoObject("items[0].items[1]", "not a Kubernetes object: 7")


def test_a_kind_that_only_ends_like_a_list_is_an_object() -> None:
    [found] = manifests({"apiVersion": "x.dev/v1", "kind": "AccessList", "spec": {"items": []}})
    assert isinstance(found, Manifest)
    assert found.subject.kind.name == "AccessList"


def test_a_cluster_scoped_template_gets_no_namespace() -> None:
    shared = template(kind="ClusterAnalysisTemplate")
    reference = {"analysis": {"templates": [{"templateName": "checkout", "clusterScope": True}]}}
    [advice] = [one for one in _judged(rollout(reference), shared).breaches if one.rule.rule.id.endswith("latency")]
    assert "(templates: checkout)" in advice.message, "the template was not found"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"weight-held": Level.MANDATORY, "error-rate-and-latency": Level.ADVISORY}),
        ({"all": "advisory"}, {"weight-held": Level.ADVISORY, "error-rate-and-latency": Level.ADVISORY}),
        ({"all": {"enforcementLevel": "disabled"}}, {"weight-held": Level.DISABLED}),
        ({"all": "disabled", "weight-held": "mandatory"}, {"weight-held": Level.MANDATORY}),
        ({"all": "disabled", "weight-jump": {"max": 20}}, {"weight-jump": Level.DISABLED}),
        ({"deadline-abort": "remediate"}, {"deadline-abort": Level.MANDATORY}),
        ({"undecided-in-preview": "mandatory", "environments": ["a"]}, {"weight-held": Level.MANDATORY}),
    ],
)
def test_levels_are_as_pulumi_reads_them(given: dict[str, Any], expected: dict[str, Level]) -> None:
    found = {one.rule.id: one.level for one in configured(discover().values(), given)}
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("page", ["how-to/check-manifests.md", "how-to/exempt-from-a-rule.md", "reference/policies.md"])
def test_the_configurations_in_the_docs_are_right(page: str) -> None:
    shown = [block.text for block in blocks(DOCS / page) if block.info == ("json",)]
    assert [len(configured(discover().values(), json.loads(text))) for text in shown] == [len(discover())]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "must be an object with the names of rules as keys, not a list"),
        ({"weight_held": "disabled"}, "weight_held: no rule has this name (did you mean 'weight-held'?)"),
        ({"weight-held": "disable"}, "weight-held: 'disable' is no level (did you mean 'disabled'?)"),
        ({"weight-held": "remediate"}, "weight-held: no change in place makes objects keep this; set 'mandatory'"),
        ({"all": "remediate"}, "all: no change in place makes objects keep this; set 'mandatory'"),
        ({"weight-held": "remedy"}, "weight-held: 'remedy' is no level (known: advisory, disabled, mandatory)"),
        ({"deadline": "remediat"}, "deadline: 'remediat' is no level (did you mean 'remediate'?)"),
        ({"weight-held": False}, "weight-held: must be a level or an object, not true or false"),
        ({"weight-held": {"enforcementLevel": 1}}, "weight-held.enforcementLevel: must be a level, not 1"),
        ({"weight-held": {"max": 1}}, "weight-held: unknown parameter 'max' (known: none)"),
        ({"first-step-weight": {"max": "5"}}, "first-step-weight: 'max' must be a whole number, not a text"),
        ({"all": {"max": 5}}, "all.max: only 'enforcementLevel' can be set here"),
    ],
)
def test_a_wrong_configuration_is_refused_with_what_would_be_right(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        configured(discover().values(), given)
    assert str(refused.value).startswith(message)
