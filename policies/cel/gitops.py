"""GitOps in CEL: what Argo CD and Flux may apply, from where, and on whose behalf."""

from collections.abc import Callable, Mapping

from ..expressions import Cel, Said
from ..facts import Kind
from ..gitops_kinds import APP, APP_PROJECT, APP_SET, BUCKET, GIT, HELM, KUSTOMIZATION, OCI, RELEASE

_PINNED = r"r'^(v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?|[0-9a-f]{40}|refs/tags/.+)$'"
_PLAIN = "r'^(?i)(http|git)://'"
_NOT_PINNED = "names no version, so that production follows whatever is pushed; name a tag like v1.2.3, or a commit"
_OWN_NAMES = "object.metadata.?name.orValue(''), object.metadata.?namespace.orValue('')"
_IS_PRODUCTION = "variables.names.exists(n, variables.production.exists(w, n.lowerAscii().contains(w.lowerAscii())))"


def _of_apps(broken: Callable[[str, str], str]) -> tuple[Cel, ...]:
    """For Applications, and for the template of an ApplicationSet. `broken`: from where the spec is, and its name."""
    return tuple(
        Cel(
            kinds=(kind,),
            variables={
                "sources": f"({spec}.?source.hasValue() ? [dyn({spec}.source)] : []) + "
                f"{spec}.?sources.orValue([]).map(s, dyn(s))",
                "names": f"[{_OWN_NAMES}, {spec}.?destination.?name.orValue(''), {spec}.?destination.?server.orValue("
                f"''), {spec}.?destination.?namespace.orValue('')]",
                "is_production": _IS_PRODUCTION,
            },
            broken=broken(spec, name),
        )
        for kind, spec, name in (
            (APP, "object.spec", "spec"),
            (APP_SET, "object.spec.template.spec", "spec.template.spec"),
        )
    )


def _fetched(kind: Kind, insecure: bool) -> Cel:
    plain = f"object.spec.?url.orValue('').matches({_PLAIN})" if kind != BUCKET else "false"
    said = "(object.spec.?insecure.orValue(false) ? ['spec.insecure is true; leave it out'] : [])"
    return Cel(
        kinds=(kind,),
        broken=f"({plain} ? ['spec.url is fetched in plain text; use https, ssh or oci'] : [])"
        + (f" + {said}" if insecure else ""),
    )


def _tenants(kind: Kind, *references: str) -> Cel:
    """`references`: where the sources are named."""
    elsewhere = " || ".join(
        f"(object.spec.{one}.?namespace.orValue('') != '' && object.spec.{one}.?namespace.orValue('') != "
        "object.metadata.?namespace.orValue(''))"
        for one in references
    )
    return Cel(
        kinds=(kind,),
        broken="(object.spec.?serviceAccountName.orValue('') == '' ? ['spec.serviceAccountName is absent, so that it "
        f"is applied with all that Flux may do; name the account of the tenant'] : []) + ({elsewhere} ? ['its source "
        "is in another namespace; keep the source beside what it is applied by'] : [])",
    )


CEL: Mapping[str, Said] = {
    "own-project": _of_apps(
        lambda spec, name: (
            f"{spec}.?project.orValue('') in ['', 'default'] ? ['{name}.project is the default "
            "project, which lets everything be applied everywhere; name a project that is limited to what the app "
            "needs'] : []"
        )
    ),
    "narrow-project": (
        Cel(
            kinds=(APP_PROJECT,),
            broken="object.spec.?sourceRepos.orValue([]).transformList(i, r, r in ['*', '**'], 'spec.sourceRepos[' + "
            "string(i) + '] is a wildcard; name what the project needs') + "
            "object.spec.?destinations.orValue([]).transformList(i, d, '*' in [d.?server.orValue(''), "
            "d.?name.orValue(''), d.?namespace.orValue('')], 'spec.destinations[' + string(i) + '] has a wildcard; "
            "name what the project needs') + object.spec.?clusterResourceWhitelist.orValue([]).transformList(i, k, "
            "k.?group.orValue('') == '*' && k.?kind.orValue('') == '*', 'spec.clusterResourceWhitelist[' + string(i) "
            "+ '] is a wildcard; name what the project needs')",
        ),
    ),
    "production-pinned": (
        *_of_apps(
            lambda spec, name: (
                "!variables.is_production ? [] : variables.sources.filter(s, "
                f"!s.?targetRevision.orValue('').matches({_PINNED})).map(s, 'a targetRevision of {name} {_NOT_PINNED}')"
            )
        ),
        Cel(
            kinds=(GIT,),
            variables={
                "names": f"[{_OWN_NAMES}]",
                "is_production": _IS_PRODUCTION,
                "given": "[object.spec.?ref.?commit, object.spec.?ref.?tag, object.spec.?ref.?name, "
                "object.spec.?ref.?semver].filter(r, r.hasValue()).map(r, r.value())",
            },
            broken="variables.is_production && (size(variables.given) == 0 || "
            f"!variables.given[0].matches({_PINNED})) ? ['spec.ref {_NOT_PINNED}'] : []",
        ),
        Cel(
            kinds=(RELEASE,),
            variables={
                "names": f"[{_OWN_NAMES}, object.spec.?targetNamespace.orValue('')]",
                "is_production": _IS_PRODUCTION,
            },
            broken="variables.is_production && object.spec.?chart.hasValue() && "
            f"!object.spec.chart.?spec.?version.orValue('').matches({_PINNED}) ? ['spec.chart.spec.version "
            f"{_NOT_PINNED}'] : []",
        ),
    ),
    "tenants-account": (
        _tenants(KUSTOMIZATION, "?sourceRef"),
        _tenants(RELEASE, "?chart.?spec.?sourceRef", "?chartRef"),
    ),
    "source-verified": (
        Cel(
            kinds=(OCI, GIT),
            broken="object.spec.?verify.hasValue() ? [] : ['spec.verify is absent, so that nobody asks who made it; "
            "set verify, and sign what is made']",
        ),
    ),
    "ignored-by-path": _of_apps(
        lambda spec, name: (
            f"{spec}.?ignoreDifferences.orValue([]).transformList(i, d, "
            f"size(d.?managedFieldsManagers.orValue([])) > 0, '{name}.ignoreDifferences[' + string(i) + "
            "'].managedFieldsManagers hides everything that a manager ever wrote, also what a release needs; name the "
            "fields in jsonPointers')"
        )
    ),
    "encrypted-source": (
        *_of_apps(
            lambda spec, name: (
                f"variables.sources.filter(s, s.?repoURL.orValue('').matches({_PLAIN})).map(s, "
                f"'a repoURL of {name} is fetched in plain text; use https, ssh or oci')"
            )
        ),
        _fetched(GIT, insecure=False),
        _fetched(HELM, insecure=True),
        _fetched(OCI, insecure=True),
        _fetched(BUCKET, insecure=True),
    ),
    "application-is-whole": _of_apps(
        lambda spec, name: (
            f"(({spec}.?destination.?name.orValue('') == '') == ({spec}.?destination.?server.orValue("
            f"'') == '') ? ['{name}.destination has to name a cluster or a server, and not both; leave one'] : []) + "
            f"(size(variables.sources) == 0 && !{spec}.?sourceHydrator.hasValue() ? ['{name} names no source; set "
            f"source'] : []) + variables.sources.filter(s, s.?repoURL.orValue('') == '').map(s, 'a source of {name} "
            "has no repoURL; name the repository') + variables.sources.filter(s, s.?repoURL.orValue('') != '' && "
            "s.?path.orValue('') == '' && s.?chart.orValue('') == '' && s.?ref.orValue('') == '').map(s, 'a source of "
            f"{name} names neither a path nor a chart; name one')"
        )
    ),
}
