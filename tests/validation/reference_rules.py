"""When Argo Rollouts refuses a Rollout for what it refers to. Source: as in rollout_rules.py, and utils/istio."""

from .rolled import Object, Rolled, arguments
from .rule import Judge, rule

_REVISION = "rollouts-pod-template-hash"
"""The controller writes it into a Service's selector."""


@rule(Judge.LINTER)
def services_select_the_pods(rolled: Rolled) -> bool:
    if "workloadRef" in rolled.spec:
        # Of pods that it does not see, the linter thinks that they have no labels; nobody can tell from here.
        return True
    labels = rolled.spec.get("template", {}).get("metadata", {}).get("labels", {})
    wanted = [pair for one in rolled.services() for pair in one["spec"].get("selector", {}).items()]
    return all(labels.get(key) == value for key, value in wanted if key != _REVISION)


@rule(Judge.LINTER)
def a_virtual_service_leads_to_both_services(rolled: Rolled) -> bool:
    istio = rolled.routing.get("istio") or {}
    references = [*([istio["virtualService"]] if "virtualService" in istio else []), *istio.get("virtualServices", [])]
    return all(
        _leads_to(rolled, route, istio)
        for reference in references
        for one in rolled.named("VirtualService", reference["name"])
        for route in _routes(one, reference)
    )


def _routes(virtual_service: Object, reference: Object) -> list[Object]:
    """The routes whose weights the controller moves; of one that is named and missing, a route to nowhere."""
    routes = virtual_service["spec"].get("http", [])
    names = reference.get("routes", [])
    if not names:
        return list(routes[:1])
    return [next((one for one in routes if one.get("name") == name), {}) for name in names]


def _leads_to(rolled: Rolled, route: Object, istio: Object) -> bool:
    destinations = [one["destination"] for one in route.get("route", [])]
    subsets = istio.get("destinationRule")
    if subsets:
        wanted = {subsets.get("canarySubsetName"), subsets.get("stableSubsetName")}
        return wanted <= {one.get("subset") for one in destinations}
    turns = rolled.canary.get("pingPong")
    keys, named = (("pingService", "pongService"), turns) if turns else (("canaryService", "stableService"), None)
    hosts = {(named or rolled.canary).get(key) for key in keys}
    return hosts <= {one["host"].split(".")[0] for one in destinations}


@rule(Judge.CONTROLLER)
def an_ingress_leads_to_the_stable_service(rolled: Rolled) -> bool:
    nginx, alb = rolled.routing.get("nginx") or {}, rolled.routing.get("alb") or {}
    stable = rolled.canary.get("stableService")
    wanted = [(name, stable) for name in _named(nginx, "stableIngress")]
    wanted += [(name, alb.get("rootService") or stable) for name in _named(alb, "ingress")]
    return all(service in _backends(one) for name, service in wanted for one in rolled.named("Ingress", name))


def _named(router: Object, key: str) -> list[str]:
    return [*([router[key]] if key in router else []), *router.get(f"{key}es", [])]


def _backends(ingress: Object) -> list[str]:
    paths = [path for one in ingress["spec"].get("rules", []) for path in one["http"]["paths"]]
    return [path["backend"]["service"]["name"] for path in paths]


@rule(Judge.CONTROLLER)
def an_analysis_in_the_foreground_ends(rolled: Rolled) -> bool:
    names = [one["templateName"] for analysis in rolled.analyses() for one in analysis["templates"]]
    templates = rolled.named("AnalysisTemplate", *names)
    return all(_ends(metric, template) for template in templates for metric in template["spec"]["metrics"])


def _ends(metric: Object, template: Object) -> bool:
    """Arguments count with the template's own value: the controller does not look at those of the step here."""
    count = metric.get("count", 0)
    number = str(arguments(template).get(count, count))
    return "interval" not in metric or (number.isdigit() and int(number) > 0)
