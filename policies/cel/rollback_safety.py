"""Rollback safety in CEL: who takes a release back."""

from collections.abc import Mapping

from ..canaries import CANARY
from ..expressions import Cel, Said
from ..facts import APP_LABEL, OWNER_LABEL
from ..rollouts import ROLLOUT

_LABELS = "object.metadata.?labels.orValue({})"

CEL: Mapping[str, Said] = {
    "deadline-abort": (
        Cel(
            kinds=(ROLLOUT,),
            broken="object.spec.?progressDeadlineAbort.orValue(false) ? [] : ['spec.progressDeadlineAbort is not "
            "true, so a release that gets stuck keeps its share of the traffic; set it to true']",
        ),
    ),
    "revert-on-deletion": (
        Cel(
            kinds=(CANARY,),
            reads=("metadata.labels",),
            variables={"ours": f"'{OWNER_LABEL}' in {_LABELS} && '{APP_LABEL}' in {_LABELS}"},
            broken="variables.ours || object.spec.?revertOnDeletion.orValue(false) ? [] : ['spec.revertOnDeletion is "
            "not true, so its Deployment stays without pods where the Canary is deleted; set it to true']",
        ),
    ),
}
