"""The objects of one stack, found by kind, namespace and name without looking through all of them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from .facts import Kind, KubeObject


class Stack(Sequence[KubeObject]):
    """Objects that belong together, in their order."""

    def __init__(self, objects: Iterable[KubeObject]) -> None:
        self._all = tuple(objects)
        self._near: dict[tuple[Kind, str], list[KubeObject]] = {}
        self._named: dict[tuple[Kind, str, str], KubeObject] = {}
        self._parts: dict[tuple[Kind, ...], Stack] = {}
        for one in self._all:
            self._near.setdefault((one.kind, one.namespace), []).append(one)
            self._named.setdefault((one.kind, one.namespace, one.name), one)

    def only(self, kinds: tuple[Kind, ...]) -> "Stack":
        """The part of it that has these kinds; made once."""
        if kinds not in self._parts:
            self._parts[kinds] = Stack(one for one in self._all if one.kind in kinds)
        return self._parts[kinds]

    def near(self, subject: KubeObject, *kinds: Kind) -> list[KubeObject]:
        """The objects of these kinds in the namespace of another one."""
        return [one for kind in kinds for one in self._near.get((kind, subject.namespace), [])]

    def named(self, kind: Kind, namespace: str, name: str) -> KubeObject | None:
        """The object that has this kind, namespace (empty where it lives in none) and name."""
        return self._named.get((kind, namespace, name))

    @overload
    def __getitem__(self, index: int) -> KubeObject: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[KubeObject]: ...
    def __getitem__(self, index: int | slice) -> KubeObject | Sequence[KubeObject]:
        return self._all[index]

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[KubeObject]:
        return iter(self._all)
