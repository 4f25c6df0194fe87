"""Analysis quality: whether what a release measures exists, runs while it matters, and can be measured at all."""

from collections.abc import Iterator

from ..analyses import Missing
from ..canaries import ANALYSIS
from ..canaries import CANARY as FLAGGER
from ..canaries import TEMPLATE as FLAGGER_TEMPLATE
from ..durations import seconds
from ..examples import CANARY as GOOD_CANARY
from ..examples import LATENCY_TEMPLATE, METRIC_TEMPLATE, drop, put
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..facts import KubeObject, shown
from ..reading import Place, decided, read
from ..rollouts import CANARY, CLUSTER_TEMPLATE, ROLLOUT, STEPS, TEMPLATE
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, StackRule, Violation
from ..stack import Stack
from ..stays import stays
from ..uses import Use, arguments_in, texts, uses

_BUILT_IN = ("request-success-rate", "request-duration")
_EVERYTHING = (".*", ".+", "^.*$", "^.+$")
_TEMPLATES = (TEMPLATE, CLUSTER_TEMPLATE)
_BACKGROUND = put(GOOD, "spec.strategy.canary.analysis", {"templates": [{"templateName": "shop"}]})
_FIRST = "spec.metrics[0]"


@decided
def templates_resolve(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Every template is in the stack, and every argument has a value."""
    if release.kind == FLAGGER:
        yield from _judge_references(release, stack)
        return
    told: set[tuple[str, str]] = set()
    for use in uses(release):
        for finding in _judge_use(use, stack):
            if (finding.found, finding.fix) not in told:
                told.add((finding.found, finding.fix))
                yield finding


def _judge_use(use: Use, stack: Stack) -> Iterator[Violation]:
    declared, needed, mentioned, whole = set[str](), dict[str, KubeObject](), dict[str, KubeObject](), True
    for template in use.templates(stack):
        if isinstance(template, Missing):
            whole = False
            said = f"a template that {use.place.here} names is not in this stack"
            yield Violation(said, "add it, or name the files that hold it in the same run")
            continue
        for argument in read(template)("spec", "args").each:
            name = argument("name").text
            declared.add(name)
            if not argument("value").given and not argument("valueFrom").given:
                needed[name] = template
        for text in texts(read(template)("spec", "metrics")):
            mentioned |= dict.fromkeys(arguments_in(text), template)
    given = {one("name").text for place in (use.place, *use.references) for one in place("args").each}
    for name, template in needed.items():
        if name not in given:
            yield Violation(f"{use.place.here} gives {template} no value for an argument", "add it to its args")
    for name, template in mentioned.items():
        if whole and name not in declared:
            yield Violation(f"a metric of {template} uses an argument that nothing declares", "add it to spec.args")


def _judge_references(canary: KubeObject, stack: Stack) -> Iterator[Finding]:
    for metric in read(canary)(*ANALYSIS, "metrics").each:
        reference = metric("templateRef")
        if reference.given:
            namespace = reference("namespace").text or canary.namespace
            if not stack.named(FLAGGER_TEMPLATE, namespace, reference("name").text):
                said = f"the MetricTemplate of {metric.here} is not in this stack"
                yield Violation(said, "add it, or name the files that hold it in the same run")
        elif not metric("query").given and metric("name").text not in _BUILT_IN:
            said = f"{metric.here} has neither a templateRef nor a query, and its name is none that Flagger knows"
            yield Violation(said, f"name a MetricTemplate in {metric.here}.templateRef")


@decided
def some_metric_counts(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Not every metric of a release is only tried."""
    any_used = False
    for use in uses(rollout):
        tried = {one("metricName").text for one in use.place("dryRun").each}
        for template in use.templates(stack):
            if isinstance(template, KubeObject):
                tried |= {one("metricName").text for one in read(template)("spec", "dryRun").each}
        names = {metric("name").text for metric in use.metrics(stack)}
        any_used = True
        if not tried.intersection(_EVERYTHING) and (not tried or not names or names - tried):
            return
    if any_used:
        yield Violation("every metric of its analyses is a dry run, so that none can stop it", "take dryRun off one")


@decided
def delay_before_end(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """An analysis in the background begins before the shortest release ends."""
    behind = [use for use in uses(rollout) if use.background]
    if not behind:
        return
    held = list(stays(rollout, stack))
    if any(not one.certain for one in held):
        return
    total = sum(one.seconds for one in held)
    for metric in behind[0].metrics(stack):
        delay = seconds(metric("initialDelay").value)
        if delay is not None and delay >= total:
            late = f"begins after {shown(delay)} s, and the steps end after {shown(total)} s"
            said = f"{metric.here} of {metric.owner} {late}"
            yield Violation(said, f"set {metric.here}.initialDelay well below {shown(total)} s")


@decided
def background_goes_on(rollout: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """A metric in the background has no count."""
    for use in uses(rollout):
        for metric in use.metrics(stack) if use.background else ():
            if metric("count").given:
                said = f"{metric.here} of {metric.owner} has a count, so that it ends while the release goes on"
                yield Violation(said, "give the analysis in the background a template without counts")


@decided
def weighted_experiment(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """On Istio an experiment has no weight."""
    if not read(rollout)(*CANARY, "trafficRouting", "istio").given:
        return
    for step in read(rollout)(*STEPS).each:
        for template in step("experiment", "templates").each:
            if template("weight").given:
                said = f"{template('weight').here} is set with Istio, whose weights may not return to what they were"
                yield Violation(said, "leave the weight out, and compare by the traffic that the experiment's pods get")


@decided
def hooks_within_interval(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The hooks of one check take less than an interval together."""
    analysis = read(canary)(*ANALYSIS)
    interval = seconds(analysis("interval").value)
    hooks = [one for one in analysis("webhooks").each if one("type").text in ("", "rollout")]
    waits = [10.0 if not one("timeout").given else seconds(one("timeout").value) for one in hooks]
    total = sum(one or 0 for one in waits)
    if interval is not None and total >= interval:
        said = f"its hooks may take {shown(total)} s, and a check comes every {shown(interval)} s"
        yield Violation(said, f"shorten their timeouts (10 s where absent), or raise {analysis('interval').here}")


@decided
def requests_to_measure(canary: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Flagger's own metrics have a hook that makes requests."""
    analysis = read(canary)(*ANALYSIS)
    plain = [one for one in analysis("metrics").each if _is_built_in(one)]
    if plain and not any(one("type").text in ("", "rollout") for one in analysis("webhooks").each):
        said = f"{plain[0].here} fails where nobody asks, and no hook makes requests"
        yield Violation(said, f"add a hook of type rollout to {analysis('webhooks').here} that makes requests")


def _is_built_in(metric: Place) -> bool:
    return metric("name").text in _BUILT_IN and not metric("templateRef").given and not metric("query").given


_PLAIN = [{"name": "request-success-rate", "thresholdRange": {"min": 99}, "interval": "1m"}]

RULES = (
    StackRule(
        id="some-metric-counts",
        code="A10",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Not all that is measured is a dry run",
        why="A dry run never stops a release: with nothing else, everything passes.",
        source="Argo Rollouts, docs/features/analysis.md (dry-run mode)",
        fix="Take at least one metric out of dryRun.",
        kinds=(ROLLOUT,),
        context=_TEMPLATES,
        check=some_metric_counts,
        passes=((GOOD, GOOD_TEMPLATE), (GOOD, put(GOOD_TEMPLATE, "spec.dryRun", [{"metricName": "error-rate"}]))),
        fails=(
            (GOOD, put(GOOD_TEMPLATE, "spec.dryRun", [{"metricName": ".*"}])),
            (GOOD, put(GOOD_TEMPLATE, "spec.dryRun", [{"metricName": "error-rate"}, {"metricName": "latency-p99"}])),
        ),
    ),
    StackRule(
        id="templates-resolve",
        code="A11",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Templates and their arguments are there",
        why="A template or an argument that is missing is found out only when the release has begun, and ends it.",
        source="Argo Rollouts, docs/features/analysis.md; Flagger, docs/usage/metrics.md (custom metrics)",
        fix="Keep the templates in the same stack, and give each argument a value.",
        kinds=(ROLLOUT, FLAGGER),
        context=(*_TEMPLATES, FLAGGER_TEMPLATE),
        check=templates_resolve,
        passes=((GOOD, GOOD_TEMPLATE), (GOOD_CANARY, METRIC_TEMPLATE, LATENCY_TEMPLATE)),
        fails=(
            (GOOD,),
            (GOOD, drop(GOOD_TEMPLATE, "spec.args[0].value")),
            (GOOD, put(GOOD_TEMPLATE, "spec.args", [])),
            (GOOD_CANARY, METRIC_TEMPLATE),
            (put(GOOD_CANARY, "spec.analysis.metrics", [{"name": "errors", "thresholdRange": {"max": 1}}]),),
        ),
    ),
    StackRule(
        id="background-begins-in-time",
        code="A13",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An analysis in the background begins before the release ends",
        why="One that begins later measures nothing, and nothing measured counts as a success.",
        source="Argo Rollouts, docs/features/analysis.md (delayed analysis runs)",
        fix="Set initialDelay well below the time that the steps take.",
        kinds=(ROLLOUT,),
        context=_TEMPLATES,
        check=delay_before_end,
        passes=((_BACKGROUND, put(GOOD_TEMPLATE, f"{_FIRST}.initialDelay", "1m")),),
        fails=(
            (
                put(_BACKGROUND, "spec.strategy.canary.steps", [{"setWeight": 5}, {"pause": {"duration": "5m"}}]),
                put(GOOD_TEMPLATE, f"{_FIRST}.initialDelay", "2h"),
            ),
        ),
    ),
    StackRule(
        id="background-goes-on",
        code="A14",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="An analysis in the background goes on to the end",
        why="With a count it ends while the release goes on, and nothing is measured from then on.",
        source="Argo Rollouts, docs/features/analysis.md (background analysis)",
        fix="Leave count out of what is measured in the background.",
        kinds=(ROLLOUT,),
        context=_TEMPLATES,
        check=background_goes_on,
        passes=((_BACKGROUND, drop(drop(GOOD_TEMPLATE, "spec.metrics[0].count"), "spec.metrics[1].count")),),
        fails=((_BACKGROUND, GOOD_TEMPLATE),),
    ),
    ObjectRule(
        id="weighted-experiment-on-istio",
        code="A16",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="On Istio an experiment has no weight of its own",
        why="After a weighted experiment the VirtualService may keep the experiment's destinations.",
        source="https://github.com/argoproj/argo-rollouts/issues/4890",
        fix="Leave the weight out of the experiment's templates.",
        kinds=(ROLLOUT,),
        check=weighted_experiment,
        passes=(
            (
                put(
                    GOOD,
                    "spec.strategy.canary.steps[0]",
                    {"experiment": {"templates": [{"name": "new", "specRef": "canary"}]}},
                ),
            ),
        ),
        fails=(
            (
                put(
                    GOOD,
                    "spec.strategy.canary.steps[0]",
                    {"experiment": {"templates": [{"name": "a", "specRef": "canary", "weight": 5}]}},
                ),
            ),
        ),
    ),
    ObjectRule(
        id="hooks-within-interval",
        code="A17",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flagger's hooks end before the next check",
        why="Flagger calls the hooks of a check one after the other, and comes late to what it measures.",
        source="Flagger, docs/usage/webhooks.md",
        fix="Give the hooks timeouts that fit into one interval together.",
        kinds=(FLAGGER,),
        check=hooks_within_interval,
        passes=((GOOD_CANARY,),),
        fails=((put(GOOD_CANARY, "spec.analysis.webhooks[0].timeout", "2m"),),),
    ),
    ObjectRule(
        id="requests-to-measure",
        code="A18",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="There are requests to measure",
        why="Flagger's own metrics fail without requests: at night every good version is taken back.",
        source="https://github.com/fluxcd/flagger/issues/883 and 1035, 1689",
        fix="Add a hook of type rollout that makes requests, such as Flagger's load tester.",
        kinds=(FLAGGER,),
        check=requests_to_measure,
        passes=((put(GOOD_CANARY, "spec.analysis.metrics", _PLAIN),),),
        fails=((drop(put(GOOD_CANARY, "spec.analysis.metrics", _PLAIN), "spec.analysis.webhooks"),),),
    ),
)
