"""GitOps: what Argo CD and Flux may apply, from where, and on whose behalf.

What is production is told by its name: an object's own, its namespace's, or where it applies to.
"""

import re
from collections.abc import Iterator

from ..examples import APPLICATION, PROJECT, drop, made, put
from ..facts import KubeObject
from ..gitops_kinds import APP, APP_PROJECT, APP_SET, BUCKET, GIT, HELM, KUSTOMIZATION, OCI, RELEASE
from ..reading import Place, decided, read
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, Texts, Violation

_PINNED = re.compile(r"v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?|[0-9a-f]{40}|refs/tags/.+")
_PLAIN = ("http://", "git://")


def _spec(subject: KubeObject) -> Place:
    """The Application's spec, of an ApplicationSet that of its template."""
    return read(subject)("spec", "template", "spec") if subject.kind == APP_SET else read(subject)("spec")


def _sources(subject: KubeObject) -> Iterator[Place]:
    spec = _spec(subject)
    if spec("source").given:
        yield spec("source")
    yield from spec("sources").each


@decided
def own_project(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """An Application names a project that is not the default one."""
    project = _spec(subject)("project")
    if project.text in ("", "default"):
        said = f"{project.here} is the default project, which lets everything be applied everywhere"
        yield Violation(said, "name a project that is limited to what the app needs")


@decided
def narrow_project(project: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A project has no wildcard for sources, destinations or kinds of the cluster."""
    spec = read(project)("spec")
    wide = [one for one in spec("sourceRepos").each if one.text in ("*", "**")]
    for place in spec("destinations").each:
        wide += [place(key) for key in ("server", "name", "namespace") if place(key).text == "*"]
    wide += [one for one in spec("clusterResourceWhitelist").each if one("group").text == one("kind").text == "*"]
    for one in wide:
        yield Violation(f"{one.here} is a wildcard", "name what the project needs")


@decided
def production_pinned(subject: KubeObject, settings: Settings) -> Iterator[Finding]:
    """What production applies is a version or a commit, not a branch."""
    if not _is_production(subject, settings["production"]):
        return
    for revision in _revisions(subject):
        if not _PINNED.fullmatch(revision.text):
            said = f"{revision.here} names no version, so that production follows whatever is pushed"
            yield Violation(said, "name a tag like v1.2.3, or a commit")


def _revisions(subject: KubeObject) -> Iterator[Place]:
    spec = read(subject)("spec")
    if subject.kind in (APP, APP_SET):
        yield from (source("targetRevision") for source in _sources(subject))
    elif subject.kind == GIT:
        given = [spec("ref", key) for key in ("commit", "tag", "name", "semver") if spec("ref", key).given]
        yield given[0] if given else spec("ref", "branch")
    elif spec("chart").given:
        yield spec("chart", "spec", "version")


def _is_production(subject: KubeObject, words: list[str]) -> bool:
    spec = _spec(subject)
    names = [subject.name, subject.namespace]
    names += [spec("destination", key).text for key in ("name", "server", "namespace")] + [spec("targetNamespace").text]
    return any(word.lower() in name.lower() for word in words for name in names)


@decided
def tenants_account(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Flux applies as a named service account, from a source of the same namespace."""
    spec = read(subject)("spec")
    if not spec("serviceAccountName").text:
        said = f"{spec('serviceAccountName').here} is absent, so that it is applied with all that Flux may do"
        yield Violation(said, "name the tenant's service account")
    references = [spec("sourceRef"), spec("chart", "spec", "sourceRef"), spec("chartRef")]
    for place in (one("namespace") for one in references):
        if place.text and subject.namespace and place.text != subject.namespace:
            yield Violation(f"{place.here} is another namespace", "keep the source beside what it is applied by")


@decided
def source_verified(source: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """What Flux fetches is signed."""
    verify = read(source)("spec", "verify")
    if not verify.given:
        yield Violation(
            f"{verify.here} is absent, so that nobody asks who made it", "set verify, and sign what is made"
        )


@decided
def ignored_by_path(application: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """What Argo CD leaves to controllers is named by path."""
    for one in _spec(application)("ignoreDifferences").each:
        managers = one("managedFieldsManagers")
        if managers.value:
            said = f"{managers.here} hides everything that a manager ever wrote, also what a release needs"
            yield Violation(said, f"name the fields in {one('jsonPointers').here}")


@decided
def encrypted_source(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Sources are fetched by an encrypted connection."""
    spec = read(subject)("spec")
    of_app = subject.kind in (APP, APP_SET)
    addresses = [one("repoURL") for one in _sources(subject)] if of_app else [spec("url")]
    for address in addresses:
        if address.text.lower().startswith(_PLAIN):
            yield Violation(f"{address.here} is fetched in plain text", "use https, ssh or oci")
    if not of_app and spec("insecure").value is True:
        yield Violation(f"{spec('insecure').here} is true", "leave it out")


@decided
def application_is_whole(application: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """An Application says what it applies and where, once."""
    spec = _spec(application)
    destination = spec("destination")
    if bool(destination("name").text) == bool(destination("server").text):
        yield Violation(f"{destination.here} has to name a cluster or a server, and not both", "leave one")
    sources = list(_sources(application))
    if not sources and not spec("sourceHydrator").given:
        yield Violation(f"{spec.here} names no source", "set source")
    for source in sources:
        if not source("repoURL").text:
            yield Violation(f"{source('repoURL').here} is absent", "name the repository")
        elif not any(source(key).text for key in ("path", "chart", "ref")):
            yield Violation(f"{source.here} names neither a path nor a chart", "name one")


_EVERY = {"interval": "10m"}
_SET = made(
    "argoproj.io/v1alpha1",
    "ApplicationSet",
    "shop",
    {
        "generators": [{"list": {"elements": [{"name": "a"}]}}],
        "template": {"metadata": {"name": "shop"}, "spec": APPLICATION["spec"]},
    },
    "argocd",
)
_APPLIED = made(
    "kustomize.toolkit.fluxcd.io/v1",
    "Kustomization",
    "shop",
    {
        "serviceAccountName": "shop",
        "sourceRef": {"kind": "GitRepository", "name": "shop"},
        "path": "./production",
        **_EVERY,
        "prune": True,
    },
)
_CHART = made(
    "helm.toolkit.fluxcd.io/v2",
    "HelmRelease",
    "shop",
    {
        **_EVERY,
        "serviceAccountName": "shop",
        "targetNamespace": "production",
        "chart": {"spec": {"chart": "shop", "version": "1.2.3", "sourceRef": {"kind": "HelmRepository", "name": "a"}}},
    },
)
_REPOSITORY = made(
    "source.toolkit.fluxcd.io/v1",
    "GitRepository",
    "production",
    {
        **_EVERY,
        "url": "https://git.example.com/shop",
        "ref": {"tag": "v1.2.3"},
        "verify": {"mode": "HEAD", "secretRef": {"name": "keys"}},
    },
)
_ARTIFACT = made(
    "source.toolkit.fluxcd.io/v1",
    "OCIRepository",
    "shop",
    {**_EVERY, "url": "oci://registry.example.com/shop", "verify": {"provider": "cosign"}},
)
_CHARTS = made("source.toolkit.fluxcd.io/v1", "HelmRepository", "shop", {**_EVERY, "url": "https://charts.example.com"})
_STORE = made(
    "source.toolkit.fluxcd.io/v1", "Bucket", "shop", {**_EVERY, "endpoint": "s3.example.com", "bucketName": "shop"}
)

RULES = (
    ObjectRule(
        id="own-project",
        code="G1",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="An Application has a project of its own",
        why="The default project lets an app apply everything everywhere.",
        source="Argo CD, docs/user-guide/projects.md; Kyverno, application-prevent-default-project",
        fix="Name a project that is limited to what the app needs.",
        kinds=(APP, APP_SET),
        check=own_project,
        passes=((APPLICATION,), (_SET,)),
        fails=((put(APPLICATION, "spec.project", "default"),), (put(_SET, "spec.template.spec.project", ""),)),
    ),
    ObjectRule(
        id="narrow-project",
        code="G2",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A project has no wildcards",
        why="A wildcard gives a team what belongs to the others, and to the cluster.",
        source="Argo CD, docs/user-guide/projects.md; Kyverno, argo-appproject-clusterresourceblacklist",
        fix="Name the repositories, the destinations and the kinds.",
        kinds=(APP_PROJECT,),
        check=narrow_project,
        passes=((PROJECT,),),
        fails=(
            (put(PROJECT, "spec.sourceRepos", ["*"]),),
            (put(PROJECT, "spec.destinations[0].namespace", "*"),),
            (put(PROJECT, "spec.clusterResourceWhitelist", [{"group": "*", "kind": "*"}]),),
        ),
    ),
    ObjectRule(
        id="production-pinned",
        code="G3",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Production applies a version",
        why="A branch or a range moves by itself: a push is a release that nobody reviewed for production.",
        source="Argo CD, docs/user-guide/tracking_strategies.md; Flux, docs/components/source/gitrepositories.md",
        fix="Name a version or a commit.",
        kinds=(APP, APP_SET, GIT, RELEASE),
        check=production_pinned,
        parameters=(Texts("production", ("prod",), "parts of names that tell production"),),
        passes=((APPLICATION,), (_SET,), (_REPOSITORY,), (_CHART,)),
        fails=(
            (put(APPLICATION, "spec.source.targetRevision", "HEAD"),),
            (put(_SET, "spec.template.spec.source.targetRevision", "main"),),
            (put(_REPOSITORY, "spec.ref", {"branch": "main"}),),
            (put(_CHART, "spec.chart.spec.version", ">=1.0.0"),),
        ),
    ),
    ObjectRule(
        id="tenants-account",
        code="G4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Flux applies as the tenant",
        why="Without an account of its own a tenant's files are applied with all that Flux may do.",
        source="Flux, docs/installation/configuration/multitenancy.md; Kyverno, flux-multi-tenancy",
        fix="Name a service account, and a source of the same namespace.",
        kinds=(KUSTOMIZATION, RELEASE),
        check=tenants_account,
        passes=((_APPLIED,), (_CHART,)),
        fails=(
            (drop(_APPLIED, "spec.serviceAccountName"),),
            (put(_APPLIED, "spec.sourceRef.namespace", "other"),),
            (drop(_CHART, "spec.serviceAccountName"),),
        ),
    ),
    ObjectRule(
        id="source-verified",
        code="G5",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="What Flux fetches is signed",
        why="Whoever can write to the registry or the repository decides what runs.",
        source="Flux, docs/components/source/ocirepositories.md (verification)",
        fix="Set verify: cosign for artefacts, a key for commits.",
        kinds=(OCI, GIT),
        check=source_verified,
        passes=((_ARTIFACT,), (_REPOSITORY,)),
        fails=((drop(_ARTIFACT, "spec.verify"),), (drop(_REPOSITORY, "spec.verify"),)),
    ),
    ObjectRule(
        id="ignored-by-path",
        code="G6",
        severity=Severity.MEDIUM,
        enforcement=Enforcement.ADVISORY,
        title="Argo CD ignores paths, not managers",
        why="A manager's fields are more than its weights: what it ever wrote is never corrected.",
        source="https://github.com/argoproj/argo-rollouts/issues/3854",
        fix="Name the fields by jsonPointers or jqPathExpressions.",
        kinds=(APP, APP_SET),
        check=ignored_by_path,
        passes=(
            (put(APPLICATION, "spec.ignoreDifferences", [{"kind": "VirtualService", "jsonPointers": ["/spec/http"]}]),),
            (_SET,),
        ),
        fails=(
            (
                put(
                    APPLICATION,
                    "spec.ignoreDifferences",
                    [{"kind": "VirtualService", "managedFieldsManagers": ["rollouts-controller"]}],
                ),
            ),
            (
                put(
                    _SET,
                    "spec.template.spec.ignoreDifferences",
                    [{"kind": "VirtualService", "managedFieldsManagers": ["rollouts-controller"]}],
                ),
            ),
        ),
    ),
    ObjectRule(
        id="encrypted-source",
        code="G7",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Sources are fetched encrypted",
        why="Whoever is on the way can exchange what the cluster applies.",
        source="Kyverno, verify-flux-sources; Flux, docs/security/best-practices.md",
        fix="Use https, ssh or oci.",
        kinds=(APP, APP_SET, GIT, HELM, OCI, BUCKET),
        check=encrypted_source,
        passes=((APPLICATION,), (_SET,), (_REPOSITORY,), (_ARTIFACT,), (_CHARTS,), (_STORE,)),
        fails=(
            (put(APPLICATION, "spec.source.repoURL", "http://git.example.com/a"),),
            (put(_SET, "spec.template.spec.source.repoURL", "http://git.example.com/a"),),
            (put(_REPOSITORY, "spec.url", "http://git.example.com/a"),),
            (put(_ARTIFACT, "spec.insecure", True),),
            (put(_CHARTS, "spec.url", "http://charts.example.com"),),
            (put(_STORE, "spec.insecure", True),),
        ),
    ),
    ObjectRule(
        id="application-is-whole",
        code="G8",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An Application says what and where",
        why="Argo CD takes an Application that names two clusters or no path, and never syncs it.",
        source="Kyverno, application-field-validation; Argo CD, docs/operator-manual/application.yaml",
        fix="Name one cluster, a repository, and a path or a chart.",
        kinds=(APP, APP_SET),
        check=application_is_whole,
        passes=((APPLICATION,), (_SET,)),
        fails=(
            (put(APPLICATION, "spec.destination.name", "production"),),
            (drop(APPLICATION, "spec.source.path"),),
            (drop(_SET, "spec.template.spec.source"),),
        ),
    ),
)
