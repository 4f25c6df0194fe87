"""Restarts a stable pod in the middle of a release: the new one must be configured as the old one was."""

import math
import time
from dataclasses import dataclass

from components.plan import Plan
from components.spec.labels import REVISION_LABEL
from localcluster.api import Api, path_of
from localcluster.demo.rollout import RolloutState


@dataclass
class Restart:
    """Fields: `api`; `before`: the plan of the stable version; `pod`: that was ended, "" before; `at`: when that was,
    seconds since the epoch.
    """

    api: Api
    before: Plan
    pod: str = ""
    at: float = math.inf

    def look(self, state: RolloutState) -> None:
        """Ends a pod as soon as the new version gets requests, once."""
        if self.pod or not state.weight or state.aborted:
            return
        pods = path_of("v1/pods", self.before.namespace)
        found = self.api.items(pods, labelSelector=f"{REVISION_LABEL}={self.before.revision}")
        if not found:
            # A machine that stood still missed the moment: the test of this release says so, and no other one fails.
            return
        self.pod = min(pod["metadata"]["name"] for pod in found)
        self.at = time.time()
        self.api.delete(f"{pods}/{self.pod}")
