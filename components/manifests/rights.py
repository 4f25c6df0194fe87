"""What an account must be allowed to do to bring objects to a cluster, and nothing beyond: the rules of a Role."""

from collections.abc import Iterable

from .meta import Manifest

_MANAGE = ["create", "delete", "get", "list", "patch", "update", "watch"]
_READ = ["get", "list", "watch"]
_OF_PODS = (("apps", "replicasets"), ("", "pods"))
"""What a workload makes, and what its health is told by."""
_WORKLOADS = frozenset({"Deployment", "ReplicaSet", "StatefulSet"})


def rules(objects: Iterable[Manifest]) -> list[Manifest]:
    """The rules to make, change and delete objects of exactly these kinds, and to see whether they are healthy."""
    kinds = {(_group(one), str(one["kind"])) for one in objects}
    managed = {(group, plural(kind)) for group, kind in kinds}
    seen = set(_OF_PODS) - managed if any(kind in _WORKLOADS for group, kind in kinds if group == "apps") else set()
    return [*_rules(managed, _MANAGE), *_rules(seen, _READ)]


def plural(kind: str) -> str:
    """The name of a kind in paths and rules, by the convention that all kinds of Kubernetes and its add-ons follow."""
    name = kind.lower()
    if name.endswith("endpoints"):
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}s"


def _rules(of: set[tuple[str, str]], verbs: list[str]) -> list[Manifest]:
    by_group: dict[str, list[str]] = {}
    for group, name in sorted(of):
        by_group.setdefault(group, []).append(name)
    return [{"apiGroups": [group], "resources": names, "verbs": list(verbs)} for group, names in by_group.items()]


def _group(item: Manifest) -> str:
    group, slash, _ = str(item["apiVersion"]).partition("/")
    return group if slash else ""
