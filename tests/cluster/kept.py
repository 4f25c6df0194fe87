"""Whether the API server keeps an object as it was sent: what it leaves out shows as a difference in every refresh."""

from localcluster.api import Object
from localcluster.plugins.kubernetes_provider.diff import FieldDiff, changes
from localcluster.plugins.kubernetes_provider.normalise import normalise
from localcluster.plugins.kubernetes_provider.read import prune
from localcluster.plugins.kubernetes_provider.secret_data import is_secret, merge_string_data


def altered(sent: Object, kept: Object) -> list[str]:
    """The fields that a refresh would show as changed, although nobody changed anything."""
    state = normalise(sent)
    if is_secret(state):
        merge_string_data(state)
    return [FieldDiff(path, change, False).shown for path, change in changes((), prune(kept, state), state)]
