"""Rollback safety: the numbers that decide whether there is something to go back to, and in time.

Defaults are those of Argo Rollouts v1.9: progressDeadlineSeconds 600, minReadySeconds 0, revisionHistoryLimit 10,
scaleDownDelaySeconds 30. Flagger's progressDeadlineSeconds is 600 too.
"""

import re
from collections.abc import Iterator

from ..canaries import CANARY as FLAGGER
from ..examples import BLUE_GREEN as GOOD_SWITCH
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..examples import drop, made, put
from ..facts import Kind, KubeObject, shown
from ..reading import Place, decided, read
from ..remedies import set_to, setting
from ..rollouts import BLUE_GREEN, CANARY, ROLLOUT
from ..rule import Change, Enforcement, Finding, ObjectRule, Parameter, Settings, Severity, StackRule, Violation
from ..stack import Stack

_CONFIG_MAP, _SECRET = Kind("", "ConfigMap"), Kind("", "Secret")
_HASHED = re.compile(r".+-(?:[0-9a-f]{8,12}|[bcdfghkmt2456789]{10})")
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_C, _B = "spec.strategy.canary", "spec.strategy.blueGreen"


@decided
def deadline(release: KubeObject, settings: Settings) -> Iterator[Finding]:
    """The deadline is at most `max`, and longer than a pod has to be ready before it counts."""
    spec = read(release)("spec")
    given, ready = spec("progressDeadlineSeconds"), spec("minReadySeconds").number or 0
    seconds, value = given.or_default(600)
    if seconds is None or seconds > settings["max"] or seconds <= 0:
        said = f"{given.here} is {value}, the limit is {shown(settings['max'])}"
        yield Violation(said, f"set {given.here} to {shown(settings['max'])} or less")
    elif seconds <= ready:
        yield Violation(f"{given.here} is {value}, and a pod is ready after {shown(ready)} s", "set it well above that")


@decided
def revisions_kept(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """At least `min` old revisions are kept."""
    given = read(rollout)("spec", "revisionHistoryLimit")
    kept, value = given.or_default(10)
    if kept is None or kept < settings["min"]:
        said = f"{given.here} is {value}, and at least {shown(settings['min'])} are asked for"
        yield Violation(said, f"set {given.here} to {shown(settings['min'])} or more")


@decided
def old_pods_wait(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """The old pods stay `min` seconds after the traffic left them, unless the stable ones shrink with their share."""
    for given in _short_stays(rollout, settings["min"]):
        said = f"{given.here} is {given.or_default(30)[1]}, and at least {shown(settings['min'])} s are asked for"
        yield Violation(said, f"set {given.here} to {shown(settings['min'])} or more")


def _short_stays(rollout: KubeObject, least: float) -> Iterator[Place]:
    for strategy, routed in ((BLUE_GREEN, True), (CANARY, read(rollout)(*CANARY, "trafficRouting").given)):
        place = read(rollout)(*strategy)
        given = place("scaleDownDelaySeconds")
        if not place.given or not routed or place("dynamicStableScale").value is True:
            continue
        seconds, _ = given.or_default(30)
        if seconds is None or seconds < least:
            yield given


def longer_stay(rollout: KubeObject, settings: Settings) -> Iterator[Change]:
    """The remedy: as long as is asked for."""
    for given in _short_stays(rollout, settings["min"]):
        yield set_to(given, settings["min"])


@decided
def no_clock_beside_analysis(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """What an analysis decides is not decided by a clock as well."""
    switch = read(rollout)(*BLUE_GREEN)
    if switch("autoPromotionSeconds").given and switch("prePromotionAnalysis").given:
        said = f"{switch('autoPromotionSeconds').here} is set beside a prePromotionAnalysis"
        yield Violation(said, "leave it out: a passed analysis promotes")


@decided
def clock_that_counts(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """autoPromotionSeconds is not set where promotion is by hand."""
    switch = read(rollout)(*BLUE_GREEN)
    if switch("autoPromotionSeconds").given and switch("autoPromotionEnabled").value is False:
        said = f"{switch('autoPromotionSeconds').here} is ignored, because autoPromotionEnabled is false"
        yield Violation(said, "leave one of the two out")


@decided
def config_pruned_last(config: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A ConfigMap or Secret of one revision, which a release mounts, is pruned last or not at all."""
    if not _HASHED.fullmatch(config.name[-253:]):
        return
    holders = stack.near(config, ROLLOUT)
    if not any(config.name in _named_in(read(one)("spec", "template", "spec"), config.kind) for one in holders):
        return
    options = read(config)("metadata", "annotations", _SYNC_OPTIONS).text.replace(" ", "").split(",")
    if not {"PruneLast=true", "Prune=false"}.intersection(options):
        said = "the old revision's pods still read it when Argo CD prunes it"
        yield Violation(said, f"annotate it with {_SYNC_OPTIONS}: PruneLast=true")


def _named_in(pod: Place, kind: Kind) -> set[str]:
    """The names of the ConfigMaps or Secrets that a pod reads."""
    short, of_volume, named = ("configMap", "name", "name") if kind == _CONFIG_MAP else ("secret", "secretName", "name")
    found = {volume(short, of_volume).text for volume in pod("volumes").each}
    for containers in ("initContainers", "containers"):
        for container in pod(containers).each:
            found |= {one(f"{short}Ref", named).text for one in container("envFrom").each}
            found |= {one("valueFrom", f"{short}KeyRef", named).text for one in container("env").each}
    return found


@decided
def stable_stays_whole(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The stable pods do not shrink while the canary grows."""
    scale = read(rollout)(*CANARY, "dynamicStableScale")
    if scale.value is True:
        said = f"{scale.here} is true, so that the old pods are not there when the release is taken back"
        yield Violation(said, "leave it out where a way back has to be fast")


@decided
def window_within_history(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A rollback skips the steps only to revisions that are kept."""
    spec = read(rollout)("spec")
    window = spec("rollbackWindow", "revisions").number
    history = spec("revisionHistoryLimit")
    kept = history.number if history.given else 10.0
    if window is not None and kept is not None and window > kept:
        said = f"{spec('rollbackWindow', 'revisions').here} is {shown(window)}, and {shown(kept)} revisions are kept"
        yield Violation(said, f"raise {history.here}, or shorten the window")


@decided
def delay_within_history(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """No more old revisions keep their pods than are kept."""
    history = read(rollout)("spec", "revisionHistoryLimit")
    kept = history.number if history.given else 10.0
    for strategy in (CANARY, BLUE_GREEN):
        limit = read(rollout)(*strategy, "scaleDownDelayRevisionLimit")
        if limit.number is not None and kept is not None and limit.number > kept:
            said = f"{limit.here} is {limit.shown}, and {shown(kept)} revisions are kept"
            yield Violation(said, f"set it to {shown(kept)} or less")


@decided
def delay_has_meaning(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A canary's scaleDownDelaySeconds has a router, and no shrinking stable pods."""
    canary = read(rollout)(*CANARY)
    delay = canary("scaleDownDelaySeconds")
    if not delay.given:
        return
    if not canary("trafficRouting").given:
        yield Violation(f"{delay.here} is set without a router, which the controller refuses", "leave it out")
    elif canary("dynamicStableScale").value is True:
        said = f"{delay.here} is set with dynamicStableScale, which the controller refuses"
        yield Violation(said, "leave one of the two out")


_HASHED_CONFIG = {
    **made("v1", "ConfigMap", "settings-1a2b3c4d5e", {}),
    "metadata": {"name": "settings-1a2b3c4d5e", "namespace": "shop", "annotations": {_SYNC_OPTIONS: "PruneLast=true"}},
}
_HASHED_SECRET = put(_HASHED_CONFIG, "kind", "Secret")
_READS = put(
    put(GOOD, "spec.template.spec.volumes", [{"name": "a", "configMap": {"name": "settings-1a2b3c4d5e"}}]),
    "spec.template.spec.containers[0].envFrom",
    [{"secretRef": {"name": "settings-1a2b3c4d5e"}}],
)

RULES = (
    ObjectRule(
        id="deadline",
        code="R2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A release that gets stuck is given up soon",
        why="Until the deadline users meet a version whose pods do not become ready; one below minReady always fails.",
        source="Argo Rollouts, docs/features/specification.md; Flagger, docs/usage/how-it-works.md",
        fix="Set progressDeadlineSeconds to the limit or less, and above minReadySeconds.",
        kinds=(ROLLOUT, FLAGGER),
        check=deadline,
        remedy=setting("max", "spec", "progressDeadlineSeconds"),
        parameters=(Parameter("max", 1800, 10, 86_400, "longest deadline, in seconds"),),
        passes=((GOOD,), (GOOD_CANARY,)),
        fails=(
            (put(GOOD, "spec.progressDeadlineSeconds", 3600),),
            (put(GOOD, "spec.minReadySeconds", 600),),
            (put(GOOD_CANARY, "spec.progressDeadlineSeconds", 3600),),
        ),
    ),
    ObjectRule(
        id="revisions-kept",
        code="R3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Old revisions are kept",
        why="A version whose ReplicaSet is gone cannot be gone back to without building it anew.",
        source="Argo Rollouts, docs/features/specification.md (revisionHistoryLimit)",
        fix="Set revisionHistoryLimit to the limit or more.",
        kinds=(ROLLOUT,),
        check=revisions_kept,
        remedy=setting("min", "spec", "revisionHistoryLimit"),
        parameters=(Parameter("min", 3, 0, 100, "fewest old revisions"),),
        passes=((GOOD,),),
        fails=((put(GOOD, "spec.revisionHistoryLimit", 1),),),
    ),
    ObjectRule(
        id="old-pods-wait",
        code="R4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Old pods stay until the traffic has left them",
        why="A router needs some time to hear of a change; requests to pods that are gone fail.",
        source="Argo Rollouts, docs/features/specification.md (scaleDownDelaySeconds)",
        fix="Leave scaleDownDelaySeconds out, which means 30, or set it to the limit or more.",
        kinds=(ROLLOUT,),
        check=old_pods_wait,
        remedy=longer_stay,
        parameters=(Parameter("min", 30, 0, 86_400, "shortest stay of old pods, in seconds"),),
        passes=((GOOD,), (GOOD_SWITCH,)),
        fails=((put(GOOD, f"{_C}.scaleDownDelaySeconds", 5),), (put(GOOD_SWITCH, f"{_B}.scaleDownDelaySeconds", 0),)),
    ),
    ObjectRule(
        id="no-clock-beside-analysis",
        code="R5",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="No clock promotes what an analysis has to judge",
        why="A clock says that a version is good because some time has passed.",
        source="Argo Rollouts, docs/features/bluegreen.md (autoPromotionSeconds)",
        fix="Leave autoPromotionSeconds out where there is a prePromotionAnalysis.",
        kinds=(ROLLOUT,),
        check=no_clock_beside_analysis,
        passes=((GOOD_SWITCH,),),
        fails=((put(GOOD_SWITCH, f"{_B}.autoPromotionSeconds", 60),),),
    ),
    StackRule(
        id="configuration-pruned-last",
        code="R7",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="The configuration of a revision is pruned last",
        why="Argo CD prunes the old name while old pods still start from it, and there is no way back to them.",
        source="Argo CD, docs/user-guide/sync-options.md (prune last)",
        fix="Annotate hashed ConfigMaps and Secrets with PruneLast=true or Prune=false.",
        kinds=(_CONFIG_MAP, _SECRET),
        context=(ROLLOUT,),
        check=config_pruned_last,
        passes=(
            (_HASHED_CONFIG, _READS),
            (_HASHED_SECRET, _READS),
            (drop(_HASHED_CONFIG, "metadata.annotations"), GOOD),
        ),
        fails=(
            (drop(_HASHED_CONFIG, "metadata.annotations"), _READS),
            (drop(_HASHED_SECRET, "metadata.annotations"), _READS),
        ),
    ),
    ObjectRule(
        id="stable-stays-whole",
        code="R8",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="The stable version keeps its pods during a release",
        why="Pods that were taken away are not there when the traffic comes back.",
        source="https://github.com/argoproj/argo-rollouts/issues/3372 and 3888",
        fix="Leave dynamicStableScale out.",
        kinds=(ROLLOUT,),
        check=stable_stays_whole,
        passes=((GOOD,),),
        fails=((put(GOOD, f"{_C}.dynamicStableScale", True),),),
    ),
    ObjectRule(
        id="clock-that-counts",
        code="R10",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A clock that promotes is not ignored",
        why="With autoPromotionEnabled: false the time is never looked at, and the release waits for ever.",
        source="Argo Rollouts, docs/features/bluegreen.md (autoPromotionSeconds)",
        fix="Leave autoPromotionSeconds out, or do not switch autoPromotionEnabled off.",
        kinds=(ROLLOUT,),
        check=clock_that_counts,
        passes=((GOOD_SWITCH,),),
        fails=((put(put(GOOD_SWITCH, f"{_B}.autoPromotionSeconds", 60), f"{_B}.autoPromotionEnabled", False),),),
    ),
    ObjectRule(
        id="rollback-window-kept",
        code="R11",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A rollback window is no longer than the history",
        why="A fast way back to a revision that is no longer kept takes all steps, when nobody expects them.",
        source="Argo Rollouts, docs/features/rollback.md",
        fix="Keep as many revisions as the window has.",
        kinds=(ROLLOUT,),
        check=window_within_history,
        passes=((put(GOOD, "spec.rollbackWindow", {"revisions": 3}),),),
        fails=((put(GOOD, "spec.rollbackWindow", {"revisions": 6}),),),
    ),
    ObjectRule(
        id="delayed-revisions-kept",
        code="R12",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Old revisions that keep their pods are kept",
        why="The controller refuses a larger number than that of the history.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Set scaleDownDelayRevisionLimit to revisionHistoryLimit or less.",
        kinds=(ROLLOUT,),
        check=delay_within_history,
        passes=((put(GOOD, f"{_C}.scaleDownDelayRevisionLimit", 2),),),
        fails=(
            (put(GOOD, f"{_C}.scaleDownDelayRevisionLimit", 6),),
            (put(GOOD_SWITCH, f"{_B}.scaleDownDelayRevisionLimit", 6),),
        ),
    ),
    ObjectRule(
        id="delay-has-meaning",
        code="R13",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A delay of a canary's old pods has a router",
        why="The controller refuses the delay without a router, and together with dynamicStableScale.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Leave scaleDownDelaySeconds out there.",
        kinds=(ROLLOUT,),
        check=delay_has_meaning,
        passes=((GOOD,),),
        fails=((drop(GOOD, f"{_C}.trafficRouting"),), (put(GOOD, f"{_C}.dynamicStableScale", True),)),
    ),
)
