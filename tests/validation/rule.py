"""The registry of the rules by which Argo Rollouts refuses, and who can be asked whether it does."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import import_module

from .rolled import Object, Rolled, arguments


class Judge(Enum):
    """Who upstream applies a rule: its linter, or only its controller, to a Rollout or to one metric of a run."""

    LINTER = "kubectl argo rollouts lint"
    CONTROLLER = "the controller, of a Rollout"
    RUN = "the controller, of an AnalysisRun"


@dataclass(frozen=True)
class Rule:
    """Fields: `name`: what it asks for; `judge`: who applies it upstream; `kept`: whether the objects keep to it."""

    name: str
    judge: Judge
    kept: Callable[[Rolled], bool]


_RULES: dict[str, Rule] = {}


def _add(name: str, judge: Judge, kept: Callable[[Rolled], bool]) -> None:
    if name in _RULES:
        raise ValueError(f"two rules are named {name}")
    _RULES[name] = Rule(name.replace("_", " "), judge, kept)


def rule(judge: Judge) -> Callable[[Callable[[Rolled], bool]], Callable[[Rolled], bool]]:
    """Registers a rule about a Rollout and what it refers to, under its function's name."""

    def registered(kept: Callable[[Rolled], bool]) -> Callable[[Rolled], bool]:
        _add(kept.__name__, judge, kept)
        return kept

    return registered


def metric_rule(kept: Callable[[Object], bool]) -> Callable[[Object], bool]:
    """Registers a rule about a metric, which every metric of every AnalysisTemplate has to keep."""

    def of_all(rolled: Rolled) -> bool:
        templates = [one for one in rolled.manifests if one["kind"] == "AnalysisTemplate"]
        return all(kept(metric) for template in templates for metric in _metrics(template))

    _add(kept.__name__, Judge.RUN, of_all)
    return kept


def _metrics(template: Object) -> Iterable[Object]:
    """Its metrics, with arguments filled in by the values they have of their own; without those that have none."""
    given = arguments(template)
    for metric in template["spec"]["metrics"]:
        filled = {key: given.get(value, value) if isinstance(value, str) else value for key, value in metric.items()}
        yield {key: value for key, value in filled.items() if value is not None}


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its function's name, in alphabetical order."""
    for module in ("metric_rules", "reference_rules", "rollout_rules"):
        import_module(f".{module}", __package__)
    return dict(sorted(_RULES.items()))


def broken(rolled: Rolled) -> list[str]:
    """The rules that the objects do not keep."""
    return [name for name, one in rules().items() if not one.kept(rolled)]
