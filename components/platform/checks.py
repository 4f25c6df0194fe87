"""What only the platform can know to be wrong with a stack."""

from collections.abc import Iterator

from ..git_tree import ByGit, unopened
from ..spec.errors import Problem, format_path
from ..spec.load import LoadedStack
from ..spec.origin import NAMESPACE
from . import bundle, notifications
from .namespaces import OF_KUBERNETES
from .piece import pieces_of


def problems(loaded: LoadedStack) -> list[Problem]:
    """Everything that is wrong with a valid stack's platform, and with where its apps are put."""
    stack = [
        Problem(loaded.file, f"{NAMESPACE}:{path}", message)
        for piece in pieces_of(loaded.spec)
        for path, message in piece.problems(loaded.spec)
    ]
    silent = [Problem(loaded.file, f"{NAMESPACE}:{path}", text) for path, text in notifications.problems(loaded.spec)]
    found = [*bundle.problems(loaded), *stack, *silent, *_taken_namespaces(loaded), *_named_namespaces(loaded)]
    return [*found, *_undeliverable(loaded)]


def _named_namespaces(loaded: LoadedStack) -> Iterator[Problem]:
    """Those of apps, where no app is."""
    known = sorted({app.spec.namespace for app in loaded.apps})
    message = f"no app of the stack is in this namespace (known: {', '.join(known) or 'none'})"
    platform = loaded.spec.platform
    for path, names in (
        ("istio.callers", platform.istio.callers),
        ("admission.namespaces", platform.admission.namespaces),
    ):
        for name in names:
            if name not in known:
                yield Problem(loaded.file, f"{NAMESPACE}:platform.{path}.{name}", message)


def _taken_namespaces(loaded: LoadedStack) -> Iterator[Problem]:
    owners = {name: piece.name for piece in pieces_of(loaded.spec) for name in piece.namespaces(loaded.spec)}
    owners.update(dict.fromkeys(OF_KUBERNETES, "Kubernetes"))
    for app in loaded.apps:
        owner = owners.get(app.spec.namespace)
        if owner:
            taken = f"'{app.spec.namespace}' belongs to {owner}"
            advice = f"give the app a namespace of its own, like '{app.spec.name}'"
            yield app.origin.problem(("namespace",), f"{taken}: {advice}")
    for path, namespace, _ in loaded.spec.gitops.brought if loaded.spec.gitops else ():
        if namespace in owners:
            place = f"{NAMESPACE}:{format_path(('gitops', *path, 'namespace'))}"
            yield Problem(loaded.file, place, f"'{namespace}' belongs to {owners[namespace]}: choose another")


def _undeliverable(loaded: LoadedStack) -> Iterator[Problem]:
    """What whoever brings the apps cannot bring of them."""
    by_git = ByGit.of(loaded.spec)
    for app in loaded.apps:
        found = list(by_git.engine.app_problems(app.spec)) if by_git else []
        found += unopened(app.spec, by_git)
        yield from (app.origin.problem(path, message) for path, message in found)
