"""All rules of a stack as files that Prometheus reads."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..render import to_yaml
from .alert import all_alerts
from .recordings import release_rules, version_rules
from .watched import Watched

PLATFORM_RULES = "coalmine"

_LARGEST = 900_000
"""Bytes of rules in one ConfigMap, of the 1 MiB that the API server takes with everything else in it."""


def rule_files(watched: Watched) -> Mapping[str, str]:
    """Text by file name: one file of the stack, and one of each app; nothing of an app changes another one's."""
    return {f"{name}.yaml": to_yaml({"groups": groups}) for name, groups in rule_groups(watched)}


def packed(name: str, files: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and data of as few ConfigMaps as hold the files, at least one: `<name>-rules`, `<name>-rules-2`."""
    packs: list[dict[str, str]] = [{}]
    room = _LARGEST
    for file, text in files.items():
        size = len(text.encode())
        if size > room:
            packs.append({})
            room = _LARGEST
        packs[-1][file] = text
        room -= size
    for number, pack in enumerate(packs, start=1):
        yield f"{name}-rules" if number == 1 else f"{name}-rules-{number}", pack


def rule_groups(watched: Watched) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The groups of each file, by its name without the ending."""
    runbooks, every = watched.stack.platform.prometheus.runbooks, all_alerts()
    alerts = [alert.rule(case, runbooks) for alert in every for case in alert.cases(watched)]
    yield PLATFORM_RULES, [_group("releases", release_rules(watched)), _group("alerts", alerts)]
    for app in watched.apps:
        alerts = [alert.rule(case, runbooks) for alert in every for case in alert.of_app(app)]
        # The prefix keeps an app from being called like the file above.
        groups = [_group(f"app-{app.name}", version_rules(app)), _group(f"alerts-{app.name}", alerts)]
        yield f"app-{app.name}", groups


def _group(name: str, rules: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"name": f"coalmine-{name}", "rules": list(rules)}
