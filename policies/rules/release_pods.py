"""Availability: what the pods of a release need so that no request meets one that is not ready, or none at all.

The pods are those of a Rollout, or of the Deployment or DaemonSet that it or a Canary refers to.
"""

from collections.abc import Iterator

from ..canaries import CANARY as FLAGGER
from ..examples import AUTOSCALER, BUDGET, DEPLOYMENT, drop, put
from ..examples import CANARY as GOOD_CANARY
from ..examples import ROLLOUT as GOOD
from ..facts import KubeObject, shown
from ..pods import (
    AUTOSCALERS,
    DAEMON_SET,
    KNATIVE,
    WORKLOADS,
    autoscalers,
    labels,
    replicas,
    selected,
    template,
    workload,
)
from ..pods import BUDGET as BUDGET_KIND
from ..pods import DEPLOYMENT as DEPLOYMENT_KIND
from ..reading import Place, decided, read
from ..remedies import setting
from ..rollouts import CANARY, ROLLOUT
from ..rule import Enforcement, Finding, ObjectRule, Parameter, Settings, Severity, StackRule, Violation
from ..stack import Stack

_RELEASES = (ROLLOUT, FLAGGER)
_ZONE = "topology.kubernetes.io/zone"
_POD = "spec.template.spec"
_WITHOUT_BUDGET = (KNATIVE, DAEMON_SET)
"""Knative makes its pods under names of its own, and a drain leaves those of a DaemonSet."""
_NOTHING = (0, "0", "0%")


@decided
def pods_per_side(rollout: KubeObject, settings: Settings) -> Iterator[Finding]:
    """Each side of a routed canary has `min` pods."""
    canary = read(rollout)(*CANARY)
    if not canary("trafficRouting").given:
        return
    given = canary("minPodsPerReplicaSet")
    pods, value = given.or_default(1)
    if pods is None or pods < settings["min"]:
        said = f"{given.here} is {value}, and at least {shown(settings['min'])} are asked for"
        yield Violation(said, f"set {given.here} to {shown(settings['min'])}")


@decided
def asked_whether_ready(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Every container that listens has a readiness probe, and one has it where none says that it listens."""
    pods = template(release, stack)
    containers = list(pods("spec", "containers").each) if pods else []
    listening = [one for one in containers if one("ports").value]
    asked = [one for one in containers if one("readinessProbe").given]
    for one in listening or ([] if asked else containers[:1]):
        if not one("readinessProbe").given:
            said = f"{_of(one, release)} has no readinessProbe, so that it gets requests before it can answer them"
            yield Violation(said, f"set {one('readinessProbe').here}")


def _of(place: Place, release: KubeObject) -> str:
    return place.here if place.owner is release else f"{place.here} of {place.owner}"


@decided
def budget_allows(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A PodDisruptionBudget takes the pods, and lets at least one go."""
    pods, holder = template(release, stack), workload(release, stack)
    if pods is None or holder is None or holder.owner.kind in _WITHOUT_BUDGET or not pods.given:
        return
    labelled = labels(pods)
    budgets = [one for one in stack.near(release, BUDGET_KIND) if selected(read(one)("spec", "selector"), labelled)]
    if not budgets:
        yield Violation("no PodDisruptionBudget of this stack takes its pods", "add one with maxUnavailable: 1")
    for budget in budgets:
        most, least = read(budget)("spec", "maxUnavailable"), read(budget)("spec", "minAvailable")
        count = replicas(holder.owner, stack)
        held = least.number is not None and count is not None and least.number >= count
        if most.value in _NOTHING or least.text == "100%" or held:
            place = least if least.given else most
            yield Violation(f"{place.here} of {budget} lets no pod go, so that no node can be emptied", "allow one")


@decided
def spread_over_zones(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """The pods are spread over zones, by a constraint or by what keeps them apart."""
    pods = template(release, stack)
    if pods is None or not pods.given or pods.owner.kind == DAEMON_SET:
        return
    spec = pods("spec")
    apart = spec("affinity", "podAntiAffinity")
    terms = list(apart("requiredDuringSchedulingIgnoredDuringExecution").each)
    terms += [one("podAffinityTerm") for one in apart("preferredDuringSchedulingIgnoredDuringExecution").each]
    if not any(one("topologyKey").text == _ZONE for one in (*spec("topologySpreadConstraints").each, *terms)):
        said = f"{_of(spec, release)} spreads no pods over zones, so that one lost zone may take all of them"
        yield Violation(said, f"add a topologySpreadConstraint with the key {_ZONE}")


@decided
def ready_for_a_while(release: KubeObject, stack: Stack, settings: Settings) -> Iterator[Finding]:
    """A pod is ready for `min` seconds before it counts."""
    holder = workload(release, stack)
    if holder is None or holder.owner.kind == KNATIVE:
        return
    given = (read(release) if release.kind == ROLLOUT else holder)("spec", "minReadySeconds")
    seconds, value = given.or_default(0)
    if seconds is None or seconds < settings["min"]:
        said = f"{_of(given, release)} is {value}, and at least {shown(settings['min'])} are asked for"
        yield Violation(said, f"set it to {shown(settings['min'])} or more")


@decided
def replicas_left_to_scaler(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A Rollout that something scales names no number of its own."""
    scalers = autoscalers(rollout, stack)
    given = read(rollout)("spec", "replicas")
    if scalers and given.given:
        said = f"{given.here} is {given.shown}, and {scalers[0]} scales it: each update takes it back"
        yield Violation(said, f"leave {given.here} out")


@decided
def primary_in_budget(canary: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A PodDisruptionBudget that takes the target's pods takes the primary's too."""
    pods = template(canary, stack)
    if pods is None or pods.owner.kind == KNATIVE:
        return
    labelled = labels(pods)
    name = read(canary)("spec", "targetRef", "name").text
    for key in ("app", "name", "app.kubernetes.io/name"):
        if key not in labelled:
            continue
        primary = {**labelled, key: f"{labelled[key]}-primary"}
        budgets = [read(one)("spec", "selector") for one in stack.near(canary, BUDGET_KIND)]
        if any(selected(one, labelled) for one in budgets) and not any(selected(one, primary) for one in budgets):
            said = f"no PodDisruptionBudget takes the pods of {name or 'its target'}-primary, which serve the users"
            yield Violation(said, f"let the selector take {key} with -primary as well")
        return


@decided
def reference_without_replicas(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A Deployment that a Rollout refers to names no replicas."""
    reference = read(rollout)("spec", "workloadRef")
    if not reference.given or reference("scaleDown").text == "never":
        return
    holder = workload(rollout, stack)
    given = holder("spec", "replicas") if holder else None
    if given and given.given and given.number != 0:
        said = f"{given.here} of {given.owner} is {given.shown}: whoever applies it starts the old pods again"
        yield Violation(said, "leave it out, or set it to 0")


@decided
def one_scaler(scaler: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Nothing else scales the same target."""
    mine = _target(scaler)
    for other in stack.near(scaler, *AUTOSCALERS):
        if (other.kind, other.name) != (scaler.kind, scaler.name) and mine[1] and _target(other) == mine:
            yield Violation(f"{other} scales the same target", "keep one of the two")
            return


def _target(scaler: KubeObject) -> tuple[str, str]:
    target = read(scaler)("spec", "scaleTargetRef")
    return target("kind").text or DEPLOYMENT_KIND.name, target("name").text


@decided
def probes_differ(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Whether a container lives is asked otherwise than whether it is ready."""
    pods = template(release, stack)
    for one in pods("spec", "containers").each if pods else ():
        live, ready = one("livenessProbe"), one("readinessProbe")
        if live.given and _known(live) == _known(ready):
            said = f"{_of(live, release)} is the same as readinessProbe: what is busy is killed instead of spared"
            yield Violation(said, "ask for less, or wait longer, in the livenessProbe")


def _known(place: Place) -> object:
    """The value, when nothing in it is unknown. Raises Hidden."""
    if isinstance(place.value, dict):
        return {key: _known(place(key)) for key in place.keys}
    return [_known(one) for one in place.each] if isinstance(place.value, list) else place.value


@decided
def pods_can_be_replaced(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """maxSurge and maxUnavailable are not both nothing."""
    canary = read(rollout)(*CANARY)
    surge, missing = canary("maxSurge"), canary("maxUnavailable")
    if surge.value in _NOTHING and missing.value in _NOTHING and surge.given and missing.given:
        said = f"{surge.here} and {missing.here} are both nothing, so that no pod can be replaced"
        yield Violation(said, f"leave {surge.here} out, which means 25 %")


@decided
def scaler_is_told(canary: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """What scales a Canary's target is named by the Canary."""
    holder = workload(canary, stack)
    if holder is None:
        return
    named = read(canary)("spec", "autoscalerRef")
    for scaler in autoscalers(holder.owner, stack):
        if named("name").text != scaler.name:
            said = f"{scaler} scales its target, and {named.here} does not name it: both set the number of pods"
            yield Violation(said, f"name it in {named.here}")


_REFERS = put(drop(GOOD, "spec.template"), "spec.workloadRef", {"kind": "Deployment", "name": "shop"})
_SCALER = put(AUTOSCALER, "spec.scaleTargetRef", {"kind": "Rollout", "name": "shop"})
_KEDA = put(
    put(put(drop(_SCALER, "spec.minReplicas"), "kind", "ScaledObject"), "apiVersion", "keda.sh/v1alpha1"),
    "metadata.name",
    "more",
)
_NARROW = put(BUDGET, "spec.selector", {"matchLabels": {"app": "shop"}})
_SAME = put(GOOD, f"{_POD}.containers[0].livenessProbe", {"httpGet": {"path": "/ready", "port": 8080}})
_DEPLOYED = (GOOD_CANARY, DEPLOYMENT)

RULES = (
    ObjectRule(
        id="pods-per-side",
        code="V2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Each side of a canary has more than one pod",
        why="With one pod a small weight ends with that pod's node, and a canary is judged by the luck of one.",
        source="Argo Rollouts, docs/features/specification.md (minPodsPerReplicaSet)",
        fix="Set minPodsPerReplicaSet to the limit.",
        kinds=(ROLLOUT,),
        check=pods_per_side,
        remedy=setting("min", *CANARY, "minPodsPerReplicaSet"),
        parameters=(Parameter("min", 2, 1, 100, "fewest pods of each version"),),
        passes=((GOOD,),),
        fails=((drop(GOOD, "spec.strategy.canary.minPodsPerReplicaSet"),),),
    ),
    StackRule(
        id="readiness-probe",
        code="V3",
        severity=Severity.HIGH,
        enforcement=Enforcement.ADVISORY,
        title="A container that listens says when it is ready",
        why="Without a probe a pod gets requests as soon as it has started, and a broken one keeps getting them.",
        source="Kubernetes, docs/concepts/workloads/pods/pod-lifecycle.md; kube-linter, no-readiness-probe",
        fix="Give each container that listens a readinessProbe.",
        kinds=_RELEASES,
        context=WORKLOADS,
        check=asked_whether_ready,
        passes=((GOOD,), _DEPLOYED),
        fails=(
            (drop(GOOD, f"{_POD}.containers[0].readinessProbe"),),
            (GOOD_CANARY, drop(DEPLOYMENT, f"{_POD}.containers[0].readinessProbe")),
            (
                put(
                    drop(GOOD, f"{_POD}.containers[0].readinessProbe"),
                    f"{_POD}.containers[0].ports",
                    [{"containerPort": 80}],
                ),
            ),
        ),
    ),
    StackRule(
        id="disruption-budget",
        code="V4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A budget keeps the pods, and lets one go",
        why="Without a budget a drain takes all pods at once; with one that allows nothing no node can be emptied.",
        source="Kubernetes, docs/tasks/run-application/configure-pdb.md",
        fix="Add a PodDisruptionBudget that takes the pods, with maxUnavailable: 1.",
        kinds=_RELEASES,
        context=(*WORKLOADS, *AUTOSCALERS, BUDGET_KIND),
        check=budget_allows,
        passes=((GOOD, BUDGET), (*_DEPLOYED, BUDGET, AUTOSCALER)),
        fails=(
            (GOOD,),
            (GOOD, put(BUDGET, "spec.maxUnavailable", 0)),
            (GOOD, put(drop(BUDGET, "spec.maxUnavailable"), "spec.minAvailable", 4)),
            _DEPLOYED,
        ),
    ),
    StackRule(
        id="spread-over-zones",
        code="V5",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="The pods are spread over zones",
        why="The scheduler may put all pods of an app into one zone, which is lost as a whole.",
        source="Kubernetes, docs/concepts/scheduling-eviction/topology-spread-constraints.md",
        fix="Add a topologySpreadConstraint over zones.",
        kinds=_RELEASES,
        context=WORKLOADS,
        check=spread_over_zones,
        passes=((GOOD,), _DEPLOYED),
        fails=(
            (drop(GOOD, f"{_POD}.topologySpreadConstraints"),),
            (GOOD_CANARY, drop(DEPLOYMENT, f"{_POD}.topologySpreadConstraints")),
        ),
    ),
    StackRule(
        id="ready-for-a-while",
        code="V6",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A pod is ready for a while before it counts",
        why="Without it a pod that falls over after a second is taken for a good one, and the next is replaced.",
        source="Argo Rollouts, docs/features/specification.md (minReadySeconds)",
        fix="Set minReadySeconds to the limit or more.",
        kinds=_RELEASES,
        context=WORKLOADS,
        check=ready_for_a_while,
        parameters=(
            Parameter("min", 10, 0, 3600, "shortest time for which a pod is ready before it counts, in seconds"),
        ),
        passes=((GOOD,), _DEPLOYED),
        fails=(
            (put(GOOD, "spec.minReadySeconds", 5),),
            (drop(GOOD, "spec.minReadySeconds"),),
            (GOOD_CANARY, drop(DEPLOYMENT, "spec.minReadySeconds")),
        ),
    ),
    StackRule(
        id="replicas-left-to-scaler",
        code="V8",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="What is scaled names no replicas",
        why="Each update sets the number back, in the middle of the load that it was raised for.",
        source="https://github.com/argoproj/argo-rollouts/issues/3565",
        fix="Leave replicas out of a Rollout that an autoscaler scales.",
        kinds=(ROLLOUT,),
        context=(*AUTOSCALERS,),
        check=replicas_left_to_scaler,
        passes=((drop(GOOD, "spec.replicas"), _SCALER), (GOOD, AUTOSCALER)),
        fails=((GOOD, _SCALER),),
    ),
    StackRule(
        id="primary-in-budget",
        code="V9",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A budget keeps the primary's pods",
        why="The pods that serve users are those of <name>-primary, which a selector by name alone does not take.",
        source="https://github.com/fluxcd/flagger/issues/815 and 1604",
        fix="Let the budget's selector take the primary's label as well.",
        kinds=(FLAGGER,),
        context=(*WORKLOADS, BUDGET_KIND),
        check=primary_in_budget,
        passes=((*_DEPLOYED, BUDGET),),
        fails=((*_DEPLOYED, _NARROW),),
    ),
    StackRule(
        id="reference-without-replicas",
        code="V10",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A Deployment that a Rollout refers to names no replicas",
        why="The Rollout scales it to nothing; whoever applies the number starts the old pods again.",
        source="https://github.com/argoproj/argo-rollouts/issues/4935",
        fix="Leave replicas out of the Deployment.",
        kinds=(ROLLOUT,),
        context=WORKLOADS,
        check=reference_without_replicas,
        passes=((_REFERS, DEPLOYMENT),),
        fails=((_REFERS, put(DEPLOYMENT, "spec.replicas", 3)),),
    ),
    StackRule(
        id="one-scaler",
        code="V11",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="One autoscaler scales a target",
        why="Two of them set different numbers, one after the other.",
        source="Kubernetes, docs/tasks/run-application/horizontal-pod-autoscale.md; Kyverno, prevent-duplicate-hpa",
        fix="Keep one autoscaler for each target.",
        kinds=(*AUTOSCALERS,),
        context=(*AUTOSCALERS,),
        check=one_scaler,
        passes=((AUTOSCALER, _SCALER), (_KEDA, AUTOSCALER)),
        fails=((_SCALER, _KEDA), (_KEDA, _SCALER)),
    ),
    StackRule(
        id="probes-differ",
        code="V12",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Alive and ready are different questions",
        why="A pod that is only busy is killed instead of spared, and the others get its load.",
        source="Kubernetes, docs/concepts/workloads/pods/probes.md; Kyverno, ensure-probes-different",
        fix="Ask for less in the livenessProbe, or wait longer.",
        kinds=_RELEASES,
        context=WORKLOADS,
        check=probes_differ,
        passes=((GOOD,), _DEPLOYED),
        fails=(
            (_SAME,),
            (
                GOOD_CANARY,
                put(DEPLOYMENT, f"{_POD}.containers[0].livenessProbe", {"httpGet": {"path": "/ready", "port": 8080}}),
            ),
        ),
    ),
    ObjectRule(
        id="pods-can-be-replaced",
        code="V13",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A pod can be replaced",
        why="With neither more nor fewer pods than there are, nothing can change; the controller refuses it.",
        source="Argo Rollouts v1.9, pkg/apis/rollouts/validation/validation.go",
        fix="Let maxSurge be above 0.",
        kinds=(ROLLOUT,),
        check=pods_can_be_replaced,
        passes=((GOOD,),),
        fails=((put(GOOD, "spec.strategy.canary.maxSurge", 0),),),
    ),
    StackRule(
        id="scaler-is-told",
        code="V14",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A Canary names what scales its target",
        why="Flagger scales the target to nothing, and the autoscaler that it does not know starts it again.",
        source="Flagger, docs/usage/how-it-works.md (autoscalerRef)",
        fix="Name the autoscaler in autoscalerRef.",
        kinds=(FLAGGER,),
        context=(*WORKLOADS, *AUTOSCALERS),
        check=scaler_is_told,
        passes=((*_DEPLOYED, AUTOSCALER),),
        fails=((drop(GOOD_CANARY, "spec.autoscalerRef"), DEPLOYMENT, AUTOSCALER),),
    ),
)
