"""What a failed delivery test says and keeps."""

import shutil

from localcluster.cluster import Cluster
from localcluster.state import base_dir

from .played import Played


class Evidence:
    """Checks conditions of one test. Fields: `cluster`; `test`: its name."""

    def __init__(self, cluster: Cluster, test: str) -> None:
        self._cluster = cluster
        self._test = test

    def check(self, condition: bool, release: Played, message: str) -> None:
        """Fails the test with the message, what the analyses measured, and where the controllers' logs are kept."""
        if condition:
            return
        lines = [f"{release.scenario.name}: {message}", *_told(release), f"the controllers' logs: {self._keep()}"]
        raise AssertionError("\n".join(lines))

    def _keep(self) -> str:
        kept = base_dir() / "test-artifacts" / self._test
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._cluster.state.logs, kept)
        return str(kept)


def _told(release: Played) -> list[str]:
    state = release.state
    told = [f"  rollout: {state.phase or 'missing'}, weight {state.weight}, aborted {state.aborted}: {state.message}"]
    for step in release.steps:
        share = step.share
        told.append(
            f"  weight {share.weight} for {step.seconds:.1f} s: {share.canary} of {share.requests} requests, "
            f"z {share.z:+.2f}"
        )
    for verdict in release.observer.verdicts(state):
        told.append(
            f"  {verdict.check} at weight {verdict.weight}: {verdict.passed} passed, {verdict.failed} failed, "
            f"{verdict.value} (limit {verdict.limit})"
        )
    return told
