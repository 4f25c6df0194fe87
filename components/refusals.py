"""What several routers cannot do with an app, said in the same words everywhere."""

from collections.abc import Collection, Iterator

from .plan import Path, Plan
from .spec import placeholders
from .spec.base import Finding
from .spec.checks import Latency, Query
from .spec.traffic import Retries
from .spec.values import Duration

MEASURED_BY_ROUTERS = ("error_rate", "latency")
"""The checks that are asked of a router's own metrics."""


def timeout(plan: Plan, why: str) -> Iterator[Finding]:
    """A time limit that the router cannot keep."""
    if plan.traffic.timeout:
        yield ("traffic", "timeout"), f"{why}: leave it out"


def retries(plan: Plan, why: str) -> Iterator[Finding]:
    """Requests that the router cannot send again."""
    if plan.traffic.retries:
        yield ("traffic", "retries"), f"{why}: leave it out"


def retry_conditions(plan: Plan, why: str) -> Iterator[Finding]:
    """Conditions of retries, and times for each, where the router has one way only."""
    asked = plan.traffic.retries
    if asked and asked.per_try_timeout:
        yield ("traffic", "retries", "per_try_timeout"), f"{why}: leave it out"
    if asked and asked.retry_on != Retries.model_fields["retry_on"].default:
        yield ("traffic", "retries", "retry_on"), f"{why}: leave it out"


def other_hosts(plan: Plan, service: str, router: str) -> Iterator[Finding]:
    """Hosts that only an ingress could answer to, where a mesh routes what its pods send to a Service."""
    own = mesh_hosts(plan, service)
    for index, host in enumerate(plan.traffic.hosts):
        if host not in own:
            message = f"'{router}' routes what is sent to the Service '{service}' only: give '{own[-1]}'"
            yield ("traffic", "hosts", index), f"{message}, and lead an ingress of yours to it for other names"


def beside_a_service(plan: Plan, service: str, router: str, why: str) -> list[Finding]:
    """What cannot be asked where nothing but the way to a Service is routed. `why`: of time limits and retries."""
    return [*other_hosts(plan, service, router), *timeout(plan, why), *retries(plan, why)]


def mesh_hosts(plan: Plan, service: str) -> tuple[str, ...]:
    """The names of a Service in the cluster, as far as they may be written as hosts."""
    short = f"{service}.{plan.namespace}"
    return short, f"{short}.svc", f"{short}.svc.cluster.local"


def slow(plan: Plan, largest: Duration, router: str) -> Iterator[Finding]:
    """Latencies at or above the largest bucket of the router's histogram: no answer could ever exceed them."""
    for index, check in enumerate(plan.checks):
        if isinstance(check, Latency) and check.max >= largest:
            message = (
                f"must be below {largest}, the largest bucket of '{router}': no request could be seen to be slower"
            )
            yield ("delivery", "analysis", "checks", index, "max"), message


def unmeasured(plan: Plan, why: str, instead: str, kinds: Collection[str] = MEASURED_BY_ROUTERS) -> Iterator[Finding]:
    """Checks that nothing of the router's answers for the new version alone."""
    for index, check in enumerate(plan.checks):
        if check.kind in kinds:
            yield ("delivery", "analysis", "checks", index), f"cannot be measured, because {why}: {instead}"


def several_headers(plan: Plan, router: str) -> Iterator[Finding]:
    """A cohort with more than one header, of which one is enough, where the router wants all of them."""
    for cohort in plan.cohorts:
        if len(cohort.headers or {}) > 1:
            place = next(stage.path for stage in plan.stages if stage.route.cohort == cohort)
            yield place, f"'{router}' wants all of a cohort's headers, where one should be enough: give one header"


def paths_only(plan: Plan) -> Iterator[Finding]:
    """What traffic.match may say and an Ingress cannot."""
    for index, entry in enumerate(plan.traffic.match):
        place: Path = ("traffic", "match", index)
        if entry.headers:
            yield (*place, "headers"), "an Ingress knows paths only: leave the headers out, or use 'gateway-api'"
        if entry.path and entry.path.regex is not None:
            yield (*place, "path", "regex"), "an Ingress knows no expressions: give 'prefix' or 'exact'"


def unnamed(plan: Plan, why: str) -> Iterator[Finding]:
    """Queries by the new version's Service where it has none of its own: no release would find any data."""
    for index, check in enumerate(plan.checks):
        if isinstance(check, Query) and "service" in placeholders.used(check.query):
            message = f"{why}, as '{{{{service}}}}' says: use '{{{{pods}}}}' or another way"
            yield ("delivery", "analysis", "checks", index, "query"), message
