"""The rules on the real API server: the same verdict as in Python, and what its policies do with people's requests."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from localcluster.api import MERGE, Api, ApiError, Object
from localcluster.cluster import Cluster
from policies.admission import Strictness, manifests
from policies.configuration import configured
from policies.examples import CANARY, ROLLOUT, put, subject
from policies.expressions import NotInCel, discover
from policies.facts import Kind
from policies.registry import discover as discover_rules
from policies.rule import Enforcement, Example, ObjectRule, Parameter, Violation
from tests.contract.platform_stacks import everything

from .admitting import BINDINGS, POLICIES, Asking, install, space, wrong_types
from .objects import apply_all, object_path, wait_for

RULES = [rule for rule in discover_rules().values() if isinstance(rule, ObjectRule)]
SAID = [rule for rule in RULES if not isinstance(discover()[rule.id], NotInCel)]
CASES = [pytest.param(rule, id=rule.id) for rule in SAID]
WARN, DENY = "admission-warn", "admission-deny"

BY_DEFINITION: Mapping[tuple[str, int], str] = {
    ("hosts-are-named", 4): "spec.hostnames[0] in body should match",
    ("plain-interval", 2): "spec.analysis.metrics[0].interval in body should match",
    ("right-types", 0): "must be of type integer",
    ("right-types", 1): "must be of type integer",
}
"""Examples that the definition of their kind refuses before any policy is asked: by rule and place in `fails`."""
DROPPED = {("cookie-keeps-stable", 0): "Flagger's definition knows primaryCookieName since 1.41, and 1.36 drops it"}
"""Examples of which the API server keeps less than it was sent, so that another object is judged: in `passes`."""


class Admitting:
    """A cluster whose API server judges by all rules, as they are without a configuration."""

    def __init__(self, cluster: Cluster, api: Api) -> None:
        self.api = api
        self.ask = Asking(cluster, api)


@pytest.fixture(scope="module")
def admitting(cluster: Cluster, api: Api) -> Iterator[Admitting]:
    """Installed, and asked until the last of the policies speaks; afterwards nobody else meets them."""
    apply_all(api, [one for name in ("gitops", "flux") for one in everything(name) if _is_definition(one)])
    made = manifests(configured(RULES, {}), Strictness.WARN)
    try:
        space(api, WARN, "")
        space(api, DENY, "deny")
        install(api, made)
        found = Admitting(cluster, api)
        wait_for(lambda: not _silent(found.ask), "the API server judges by every policy")
        yield found
    finally:
        for path in (BINDINGS, POLICIES):
            for one in api.items(path):
                if one["metadata"]["name"].startswith("coalmine-"):
                    api.delete(f"{path}/{one['metadata']['name']}")


def _is_definition(item: Object) -> bool:
    return bool(item["kind"] == "CustomResourceDefinition")


def _silent(ask: Asking) -> set[tuple[Kind, Enforcement]]:
    """The policies of which no rule says anything yet."""
    spoken, policies = set(), set()
    for rule in SAID:
        for place, example in enumerate(rule.fails):
            body = _placed(_body(example), WARN)
            policy = (subject(body).kind, rule.enforcement)
            if (rule.id, place) not in BY_DEFINITION and policy not in spoken:
                policies.add(policy)
                if rule.id in ask(body).warned:
                    spoken.add(policy)
    return policies - spoken


def _body(example: Example) -> Mapping[str, Any]:
    [one] = example
    assert isinstance(one, Mapping)
    return one


def _placed(body: Mapping[str, Any], where: str) -> Object:
    placed: Object = deepcopy(dict(body))
    if "namespace" in placed["metadata"]:
        placed["metadata"]["namespace"] = where
    return placed


def _broken(body: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> set[str]:
    """The rules that Python says an object breaks, of those that are said in CEL."""
    found, asked = set(), subject(body)
    for one in configured(SAID, given or {}):
        rule = one.rule
        assert isinstance(rule, ObjectRule)
        if asked.kind in rule.kinds and any(isinstance(it, Violation) for it in rule.check(asked, one.settings)):
            found.add(rule.id)
    return found


def _examples(rule: ObjectRule) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    for what in ("passes", "fails"):
        for place, example in enumerate(getattr(rule, what)):
            yield what, place, _body(example)


def test_the_api_server_warns_of_no_expression(admitting: Admitting) -> None:
    """It checks the types of what stands in validations; what stands in variables, only that it compiles."""
    assert wrong_types(admitting.api) == {}


def _policy(name: str, given: Mapping[str, Any] | None = None) -> Object:
    made = manifests(configured(RULES, given or {}), Strictness.WARN)
    return next(one for one in made if one["metadata"]["name"] == name)


@pytest.mark.parametrize("rule", CASES)
def test_the_api_server_gives_the_verdict_of_python(admitting: Admitting, rule: ObjectRule) -> None:
    assert list(_differences(admitting, rule)) == []


def _differences(admitting: Admitting, rule: ObjectRule, given: Mapping[str, Any] | None = None) -> Iterator[str]:
    """Where one of a rule's examples gets another verdict, by this rule or by any other."""
    for what, place, body in _examples(rule):
        if what == "fails" and (rule.id, place) in BY_DEFINITION:
            continue
        sent = _placed(body, WARN)
        answer = admitting.ask(sent)
        assert not answer.error, f"{rule.id}: {what}[{place}] is no object that the API server takes: {answer.error}"
        wanted = [_broken(sent, given), _broken(answer.kept, given)]
        if what == "passes" and (rule.id, place) in DROPPED:
            assert wanted[0] != wanted[1], f"{rule.id} is no longer dropped from: take it off the list"
            del wanted[0]
        if any(set(answer.warned) != one for one in wanted):
            yield f"{what}[{place}]: Python says {wanted}, the API server {answer.warned}"
        if given is None and what == "fails" and rule.id not in answer.warned:
            yield f"{what}[{place}]: {rule.id} says nothing"


@pytest.mark.parametrize(("rule", "place"), BY_DEFINITION)
def test_what_policies_do_not_see_is_refused_by_the_definition(admitting: Admitting, rule: str, place: int) -> None:
    answer = admitting.ask(_placed(_body(discover_rules()[rule].fails[place]), WARN))
    assert BY_DEFINITION[rule, place] in answer.error, f"{answer.error or 'accepted'}"


@pytest.mark.parametrize("rule", CASES)
def test_a_namespace_that_denies_refuses_what_breaks_a_mandatory_rule(admitting: Admitting, rule: ObjectRule) -> None:
    mandatory = {one.id for one in SAID if one.enforcement is Enforcement.MANDATORY}
    for what, place, body in _examples(rule):
        sent = _placed(body, DENY)
        broken = _broken(sent)
        if (what == "fails" and (rule.id, place) in BY_DEFINITION) or "namespace" not in sent["metadata"]:
            continue  # what lives in no namespace has the usual level, which is to warn
        if what == "passes" and (rule.id, place) in DROPPED:
            continue
        answer = admitting.ask(sent)
        assert not answer.error
        assert bool(answer.refused) is bool(broken & mandatory), f"{what}[{place}]: {broken} got {answer}"
        assert set(answer.refused) <= broken & mandatory
        assert set(answer.warned) <= broken - mandatory, "only advice is a warning there"
        assert all("; " in said for said in answer.refused.values()), f"no fix in {answer.refused}"


def test_a_bad_rollout_that_is_applied_by_hand_is_refused_with_the_rule_and_the_fix(admitting: Admitting) -> None:
    """By the request that `kubectl apply --server-side` makes; nothing is kept of it."""
    bad = _placed(put(ROLLOUT, "spec.strategy.canary.steps[0].setWeight", 40), DENY)
    path = object_path(admitting.api, bad)
    for manager in ("kubectl", "kustomize-controller", "argocd-controller"):
        with pytest.raises(ApiError) as refused:
            admitting.api.apply(path, bad, manager)
        assert refused.value.status == 422
        assert (
            "ValidatingAdmissionPolicy 'coalmine-rollout' with binding 'coalmine-rollout-deny' denied request: "
            "first-step-weight: the first weight is 40 %, the limit is 10 %; begin with a weight of 10 % or less"
        ) in str(refused.value)
    assert admitting.api.find(path) is None


def test_what_was_there_before_is_in_nobodys_way(admitting: Admitting) -> None:
    """Controllers write status and annotations, people pause: none of that changes what was asked for."""
    api = admitting.api
    old = _placed(put(CANARY, "spec.skipAnalysis", True), "admission-old")
    space(api, "admission-old", "warn")
    api.apply(path := object_path(api, old), old, "somebody")
    space(api, "admission-old", "deny")
    status = {"status": {"phase": "Progressing", "canaryWeight": 5, "failedChecks": 0, "iterations": 0}}
    worse = {"spec": {"progressDeadlineSeconds": 300}}
    wait_for(lambda: _refused(api, path, worse), "a change of its spec is refused")
    assert "analysis-not-skipped" in _refused(api, path, worse)
    assert not _refused(api, path, {"metadata": {"annotations": {"controller.example.com/seen": "yes"}}})
    assert not _refused(api, path, {"spec": {"suspend": True}}), "people cannot hold it"
    assert not _refused(api, f"{path}/status", status), "the engine cannot go on"
    assert not _refused(api, path, {"spec": {"skipAnalysis": None}}), "it cannot be mended"
    api.delete(path)


def _refused(api: Api, path: str, change: Object) -> str:
    try:
        api.request("PATCH", path, change, content_type=MERGE, query={"dryRun": "All"})
    except ApiError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("level", ["", "deny", "denyy"])
def test_a_namespace_has_the_level_of_its_label_and_else_the_usual_one(admitting: Admitting, level: str) -> None:
    name = f"admission-level-{level or 'none'}"
    space(admitting.api, name, level)
    bad = _placed(put(ROLLOUT, "spec.progressDeadlineAbort", False), name)
    answer = wait_for(lambda: (found := admitting.ask(bad)) and (found.warned or found.refused) and found, "an answer")
    assert ("deadline-abort" in answer.refused) is (level == "deny")
    assert ("deadline-abort" in answer.warned) is (level != "deny")


def test_the_limits_of_a_site_are_those_of_the_api_server(admitting: Admitting) -> None:
    """Every number at its largest, and back again."""
    rules = [one for one in SAID if any(isinstance(limit, Parameter) for limit in one.parameters)]
    given = {
        one.id: {limit.name: limit.maximum for limit in one.parameters if isinstance(limit, Parameter)} for one in rules
    }
    usual = {rule.id: list(_differences(admitting, rule, given)) for rule in rules}
    # What breaks failure-limit has more failures than measurements too.
    assert {one for one in usual if not usual[one]} == {"failure-limit"}, "these examples do not depend on limits"
    try:
        _replace(admitting, given)
        wait_for(lambda: not _all_differences(admitting, rules, given), "the API server has the limits of the site", 30)
    except AssertionError:
        raise AssertionError(_all_differences(admitting, rules, given)) from None
    finally:
        _replace(admitting, {})
    wait_for(lambda: not _all_differences(admitting, rules[:1], None), "the usual limits are back", 30)


def _all_differences(admitting: Admitting, rules: list[ObjectRule], given: Mapping[str, Any] | None) -> list[str]:
    return [f"{rule.id}: {one}" for rule in rules for one in _differences(admitting, rule, given)]


def _replace(admitting: Admitting, given: Mapping[str, Any]) -> None:
    made = manifests(configured(RULES, given), Strictness.WARN)
    apply_all(admitting.api, [one for one in made if one["kind"] == "ValidatingAdmissionPolicy"])


def test_a_rule_that_is_missing_in_the_cluster_would_be_found(admitting: Admitting) -> None:
    """The control: without its CEL the verdicts differ, and the rule is named."""
    [rule] = [one for one in SAID if one.id == "deadline-abort"]
    assert not list(_differences(admitting, rule))
    try:
        apply_all(admitting.api, [_policy("coalmine-rollout", {"deadline-abort": "disabled"})])
        wait_for(lambda: list(_differences(admitting, rule)), "the verdicts differ")
        assert "deadline-abort says nothing" in " ".join(_differences(admitting, rule))
    finally:
        apply_all(admitting.api, [_policy("coalmine-rollout")])
    wait_for(lambda: not list(_differences(admitting, rule)), "the verdicts are the same again")
