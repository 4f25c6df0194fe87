"""What a program file says about its program."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ..api import Object


@dataclass(frozen=True)
class Launch:
    """What the pod asks for. Fields: `arguments` of the container, `$(VAR)` filled in, and its `environment`."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where a program runs.

    Fields: `pod`: the pod; `address`: its address; `launch`: what it asks for; `read`: gives the data of a ConfigMap
    of the pod's namespace, empty when there is none.
    """

    pod: Object
    address: str
    launch: Launch
    read: Callable[[str], Mapping[str, str]]

    @property
    def name(self) -> str:
        """The pod's name."""
        return str(self.pod["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The pod's namespace."""
        return str(self.pod["metadata"]["namespace"])


@dataclass(frozen=True)
class Program:
    """How a program of this machine stands in for a container image.

    Fields: `name`; `tool`: which pinned tool is run; `repositories`: the last parts of the image names that stand for
    it; `command`: which program of such an image, any unless given; `port`: the main port, shown by `status`; `taken`:
    the ports that it takes on every address of the namespace; `launch`: the arguments and environment to run with,
    often the pod's own and a little more; `ready`: whether it does its work; `files`: files to put into its root, text
    by absolute path, beside the pod's volumes; `moved`: ports that its image would take, which belong to the apps here,
    with those that it has instead.
    """

    name: str
    tool: str
    repositories: tuple[str, ...]
    port: int
    launch: Callable[[Place], Launch]
    ready: Callable[[Place], Awaitable[bool]]
    command: str = ""
    taken: tuple[int, ...] = ()
    files: Callable[[Place], Mapping[str, str]] = field(default=lambda place: {})
    moved: Mapping[int, int] = field(default_factory=dict)
