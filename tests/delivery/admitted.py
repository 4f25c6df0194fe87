"""The policies of the pack in the API server itself, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from localcluster.api import MERGE, Api, ApiError, Object, path_of
from policies.admission import LEVEL_LABEL, Strictness, manifests
from policies.configuration import configured
from policies.registry import discover
from tests.cluster.objects import apply_all, object_path

from .played import until

_SECONDS = 60


@contextmanager
def judging(api: Api, namespace: str, unsafe: Object) -> Iterator[None]:
    """All rules that one object shows: they refuse in a namespace, and only warn in all others.

    `unsafe`: an object that breaks one; begins when that is refused.
    """
    made = manifests(configured(discover().values(), {}), Strictness.WARN)
    place = path_of("v1/namespaces", name=namespace)
    apply_all(api, made)
    api.patch(place, {"metadata": {"labels": {LEVEL_LABEL: Strictness.DENY.value}}})
    try:
        until(lambda: _is_refused(api, unsafe), _SECONDS, "refused by the API server")
        yield
    finally:
        api.patch(place, {"metadata": {"labels": {LEVEL_LABEL: None}}})
        for one in reversed(made):
            api.delete(object_path(api, one))


def _is_refused(api: Api, unsafe: Object) -> bool:
    try:
        api.request("PATCH", object_path(api, unsafe), unsafe, content_type=MERGE, query={"dryRun": "All"})
    except ApiError as error:
        return "ValidatingAdmissionPolicy" in str(error)
    return False
