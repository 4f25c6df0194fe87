"""What the policy tests share: objects, and a way to show one to the pack as the engine would, without an engine."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from pulumi_policy import (
    Policy,
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.facts import Kind, KubeObject
from policies.pack import policies
from policies.registry import discover
from policies.rule import Enforcement, Finding, ObjectRule, Rule, StackRule, Violation, sentence
from policies.stack import Stack

ARGO = "argoproj.io"
UNKNOWN_NUMBER = UNKNOWN_NUMBER_VALUE
UNKNOWN_TEXT = UNKNOWN_STRING_VALUE


LEFT_TO_APPS = frozenset({"images-by-digest", "readiness-probe"})
"""Advice about what an app's file says or does not say, which no preset can know."""


NOW = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)
"""When the tests about exemptions take place."""


def exempted(body: Mapping[str, Any], rule: str, until: str = "2026-12-10", **fields: Any) -> dict[str, Any]:
    """A manifest with an exemption on it; `fields`: other values for its fields, None to leave one out."""
    given = {"owner": "shop", "reason": "the router comes in spring", "until": until, **fields}
    written = json.dumps({name: value for name, value in given.items() if value is not None})
    return annotated(body, rule, written)


def annotated(body: Mapping[str, Any], rule: str, value: Any) -> dict[str, Any]:
    """A manifest with an annotation about a rule, whatever that says."""
    metadata = body.get("metadata", {})
    annotations = {**(metadata.get("annotations") or {}), f"exemptions.coalmine.dev/{rule}": value}
    return {**body, "metadata": {**metadata, "annotations": annotations}}


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine sends a secret."""
    return {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": value}


def rollout(*steps: Mapping[str, Any], app: str | None = None, **canary: Any) -> dict[str, Any]:
    """A canary Rollout shop/checkout with these steps; `app`: as this project makes it for that app."""
    labels = {"app.kubernetes.io/name": app, "coalmine.dev/owner": "shop"} if app else {}
    return {
        "apiVersion": f"{ARGO}/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "checkout", "namespace": "shop", "labels": labels},
        "spec": {"strategy": {"canary": {"steps": list(steps), **canary}}},
    }


def canary(*weights: Any, app: str | None = None, **analysis: Any) -> dict[str, Any]:
    """A Canary shop/checkout of Flagger with these weights and two checks; `analysis`: fields of it on top."""
    labels = {"app.kubernetes.io/name": app, "coalmine.dev/owner": "shop"} if app else {}
    metrics = [
        {"name": name, "templateRef": {"name": name}, "thresholdRange": {"max": 1}}
        for name in ("error-rate", "latency-p99")
    ]
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": "checkout", "namespace": "shop", "labels": labels},
        "spec": {
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
            "revertOnDeletion": True,
            "analysis": {"interval": "1m", "stepWeights": list(weights), "metrics": metrics, **analysis},
        },
    }


def deployment(**spec: Any) -> dict[str, Any]:
    """The Deployment shop/checkout that the Canary watches."""
    metadata = {"name": "checkout", "namespace": "shop"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def template(*metrics: Any, kind: str = "AnalysisTemplate") -> dict[str, Any]:
    """An analysis template shop/checkout with these metrics."""
    metadata = {"name": "checkout"} if kind.startswith("Cluster") else {"name": "checkout", "namespace": "shop"}
    return {"apiVersion": f"{ARGO}/v1alpha1", "kind": kind, "metadata": metadata, "spec": {"metrics": list(metrics)}}


def metric(**fields: Any) -> dict[str, Any]:
    """A Prometheus metric named error-rate."""
    return {"name": "error-rate", "provider": {"prometheus": {"query": "up"}}, **fields}


def subject(body: Mapping[str, Any]) -> KubeObject:
    """The facts of a manifest, as from a YAML file."""
    return KubeObject.of(body, Kind.of(body["apiVersion"], body["kind"]))


def findings(rule_id: str, body: Mapping[str, Any], *others: Mapping[str, Any], **settings: Any) -> list[Finding]:
    """What the pure rule says about a manifest; `others`: the rest of its stack."""
    rule = discover()[rule_id]
    return list(_asked(rule, subject(body), [subject(other) for other in others], settings))


def _asked(rule: Rule, one: KubeObject, others: Sequence[KubeObject], settings: Mapping[str, Any]) -> Iterable[Finding]:
    if isinstance(rule, StackRule):
        return rule.check(one, Stack(others).only(rule.context), rule.settings(settings))
    assert isinstance(rule, ObjectRule)
    return rule.check(one, rule.settings(settings))


def messages(rule_id: str, body: Mapping[str, Any], *others: Mapping[str, Any], **settings: Any) -> list[str]:
    """The messages of the violations that the pure rule finds."""
    found = findings(rule_id, body, *others, **settings)
    return [sentence(subject(body), one) for one in found if isinstance(one, Violation)]


@dataclass
class Engine:
    """Calls the pack's policies as the engine's SDK does: every policy, in order, each with its own copy.

    only: the rules of the pack, all of them unless given. ignored: by kind and name, the program's ignore_changes.
    now: of the run.
    """

    only: str | tuple[str, ...] = ()
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()
    ignored: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    now: datetime | None = None
    pack: list[Policy] = field(init=False)

    def __post_init__(self) -> None:
        only = (self.only,) if isinstance(self.only, str) and self.only else self.only
        self.pack = policies([rule for rule in discover().values() if not only or rule.id in only], self.now)

    def analyze(self, body: Mapping[str, Any], resource_type: str | None = None) -> dict[str, list[str]]:
        """The messages about one object by policy; a policy that does not apply to the object is missing."""
        found: dict[str, list[str]] = {}
        for policy in self._enabled(ResourceValidationPolicy):
            args = self._args(policy.name, body, resource_type)
            _ask(policy.name, lambda report, ask=policy, given=args: ask.validate(given, report), found)
        return found

    def analyze_stack(self, *bodies: Mapping[str, Any]) -> dict[str, list[str]]:
        """The messages about a stack by policy, each after the name of the object that the engine shows it at."""
        found: dict[str, list[str]] = {}
        for policy in self._enabled(StackValidationPolicy):
            args = StackValidationArgs([self._resource(body) for body in bodies], self.config.get(policy.name))
            _ask(policy.name, lambda report, ask=policy, given=args: ask.validate(given, report), found)
        return found

    def _enabled(self, sort: type[Any]) -> list[Any]:
        return [one for one in self.pack if isinstance(one, sort) and one.name not in self.disabled]

    def _resource(self, body: Mapping[str, Any]) -> PolicyResource:
        name = f"{body['kind']}-{body['metadata'].get('name')}"
        ignored = list(self.ignored.get((body["kind"], body["metadata"].get("name")), ()))
        options = PolicyResourceOptions(False, ignored, None, [], PolicyCustomTimeouts(0, 0, 0), [])
        urn = f"urn:pulumi:dev::shop::{_type(body)}::{name}"
        return PolicyResource(_type(body), _proxy(body), urn, name, options, None, None, [], {})

    def _args(self, policy: str, body: Mapping[str, Any], resource_type: str | None) -> ResourceValidationArgs:
        resource_type = resource_type or _type(body)
        return ResourceValidationArgs(
            resource_type,
            _proxy(body),
            f"urn:pulumi:dev::shop::{resource_type}::checkout",
            "checkout",
            PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), []),
            None,
            self.config.get(policy),
        )


def _type(body: Mapping[str, Any]) -> str:
    return f"kubernetes:{body['apiVersion']}:{body['kind']}"


def _proxy(body: Mapping[str, Any]) -> Any:
    return unknown_checking_proxy(deserialize_properties(_floats(body)))


def _ask(policy: str, call: Callable[[Any], Any], found: dict[str, list[str]]) -> None:
    reported: list[str] = []

    def report(message: str, urn: str | None = None) -> None:
        reported.append(f"{urn.rpartition('::')[2]} | {message}" if urn else message)

    try:
        call(report)
    except Exception as left:
        if not hasattr(left, "reason"):  # the SDK's own way to say "not applicable" has no public class
            raise
        return
    found[policy] = reported


def _floats(value: Any) -> Any:
    """Numbers as they arrive over the wire: a protobuf Struct knows only floats."""
    if isinstance(value, Mapping):
        return {key: _floats(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_floats(one) for one in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def objects_in(tree: Path) -> list[dict[str, Any]]:
    """The objects in a tree of YAML files."""
    return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(tree.rglob("*.yaml"))]


def applicable(manifests: Iterable[Mapping[str, Any]]) -> set[str]:
    """The rules about any of these objects: those about other kinds have nothing to say."""
    kinds = {Kind.of(one["apiVersion"], one["kind"]) for one in manifests}
    return {rule.id for rule in discover().values() if kinds.intersection(rule.kinds)}


def mandatory(rule_id: str) -> bool:
    """Whether breaking a rule refuses a change."""
    return discover()[rule_id].enforcement is Enforcement.MANDATORY
