"""What the policies of pack.py read of a call by Pulumi's policy engine, and what they tell it about themselves."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    Secret,
    Severity,
    StackValidationArgs,
)
from pulumi_policy import proxy as of_sdk
from pulumi_policy.proxy import UnknownValueError

from . import undecided
from .facts import Kind, KubeObject, Step, Unknown, dotted
from .rule import REMOVED, Change, Parameter, Rule, Settings, SettingsError, Texts

_TOKEN_PREFIX = "kubernetes:"
_CORE_GROUP = "core"
_UNKNOWN = frozenset(value for name, value in vars(of_sdk).items() if name.startswith("UNKNOWN_"))
"""What stands for unknown values in the properties that a remediation gets; elsewhere the SDK raises at them."""


_AS_IT_IS = frozenset({str, bool})


def described(rule: Rule) -> dict[str, Any]:
    """What the engine is told about a rule."""
    return {
        "name": rule.id,
        "description": f"{rule.title}. {rule.why}",
        "enforcement_level": EnforcementLevel(rule.enforcement.value),
        "config_schema": _schema(rule.parameters),
        "display_name": rule.title,
        "severity": Severity(rule.severity.value),
        "tags": [rule.code],
        "remediation_steps": rule.fix,
    }


def settings_of(
    rule: Rule, args: ResourceValidationArgs | StackValidationArgs, report: ReportViolation
) -> Settings | None:
    """The rule's settings; None, and a report, where the configuration is wrong."""
    try:
        return rule.settings(args.get_config())
    except SettingsError as problem:
        report(f"the policy configuration is wrong: {problem}", None)
        return None


def objects_of(args: StackValidationArgs, kinds: frozenset[Kind]) -> list[tuple[str, KubeObject]]:
    """The stack's objects of these kinds with their URNs, in the order of their URNs."""
    found = [(one, kind_of(one.resource_type)) for one in args.resources]
    objects = [(one.urn, object_of(one, kind)) for one, kind in found if kind is not None and kind in kinds]
    return sorted(objects, key=lambda pair: pair[0])


def object_of(given: ResourceValidationArgs | PolicyResource, kind: Kind) -> KubeObject:
    """A resource as the rules see it."""
    return KubeObject.of(plain(given.props), kind, given.name, tuple(given.opts.ignore_changes))


def metadata_of(given: ResourceValidationArgs, kind: Kind) -> KubeObject:
    """The same with its metadata only, which is all that is read of most resources."""
    return KubeObject.of({"metadata": element(given.props, "metadata", ("metadata",))}, kind, given.name)


def rewrite(props: Any, changes: Iterable[Change]) -> None:
    """Makes changes in the properties of a resource. All else stays the very thing it is, with its secret marks."""
    for change in changes:
        inner = _behind(props)
        *before, last = change.path
        for step in before:
            if isinstance(inner, dict) and inner.get(str(step)) is None:
                inner[str(step)] = {}
            inner = _behind(inner[step])
        if change.value is REMOVED:
            del inner[last]
            continue
        marked = isinstance(inner, list) or last in inner
        inner[last] = Secret(change.value) if marked and isinstance(inner[last], Secret) else change.value


def _behind(value: Any) -> Any:
    """The data itself behind the SDK's proxies and a secret's mark."""
    while not isinstance(value, dict | list):
        value = value.value if isinstance(value, Secret) else value["__target"]
    return value


def applicable(args: ResourceValidationArgs, kinds: tuple[Kind, ...] | frozenset[Kind]) -> Kind:
    """The resource's kind; leaves through the SDK's "not applicable" where it is none of the given ones."""
    kind = kind_of(args.resource_type)
    if kind is None or kind not in kinds:
        args.not_applicable(looks_only_at(kinds))
        raise AssertionError("not_applicable returned")
    return kind


def looks_only_at(kinds: Iterable[Kind]) -> str:
    """Why a policy does not apply to other kinds."""
    return f"looks only at {names(kinds)}"


def names(kinds: Iterable[Kind]) -> str:
    """Kinds in a message."""
    return ", ".join(sorted({one.name for one in kinds}))


@lru_cache(maxsize=1_000)
def kind_of(resource_type: str) -> Kind | None:
    """The kind behind a type token like `kubernetes:apps/v1:Deployment`; None where it is no Kubernetes object."""
    api_version, separator, name = resource_type.removeprefix(_TOKEN_PREFIX).partition(":")
    if not resource_type.startswith(_TOKEN_PREFIX) or not separator:
        return None
    kind = Kind.of(api_version, name)
    return Kind("", name) if kind.group == _CORE_GROUP else kind


def plain(value: Any, path: tuple[Step, ...] = ()) -> Any:
    """The engine's proxies as plain data: unknown values as Unknown, whole numbers as int, secrets as their value."""
    if value is None or type(value) in _AS_IT_IS:
        # Nearly every value is one, and asking for a Mapping costs more than all else here.
        return value
    if isinstance(value, Secret):
        return plain(value.value, path)
    if isinstance(value, Mapping):
        return {key: element(value, key, (*path, key)) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [element(value, index, (*path, index)) for index in range(len(value))]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def element(container: Any, key: Step, path: tuple[Step, ...]) -> Any:
    """What a container holds as plain data; None where it holds nothing. `path`: of it, from the object."""
    try:
        found = container[key]
        return Unknown(dotted(path)) if isinstance(found, str) and found in _UNKNOWN else plain(found, path)
    except UnknownValueError:
        return Unknown(dotted(path))
    except (KeyError, IndexError):
        return None


def _plain_default(parameter: Parameter | Texts) -> Any:
    return list(parameter.default) if isinstance(parameter, Texts) else parameter.default


def _schema(parameters: Sequence[Parameter | Texts]) -> PolicyConfigSchema | None:
    if not parameters:
        return None
    return PolicyConfigSchema(
        {
            parameter.name: {**parameter.schema, "description": parameter.meaning, "default": _plain_default(parameter)}
            for parameter in parameters
        }
    )


def described_note(about: undecided.Note) -> dict[str, Any]:
    """What the engine is told about a policy that is no rule of its own."""
    return {
        "name": about.id,
        "description": f"{about.title}. {about.why}",
        "enforcement_level": EnforcementLevel.ADVISORY,
        "display_name": about.title,
        "severity": Severity.LOW,
        "remediation_steps": about.fix,
    }
