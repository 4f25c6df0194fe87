"""Security and tenancy: what the pods of a release may do, and whom its measurements may call.

The restricted profile is that of the Pod Security Standards: no root, no new privileges, no capabilities, a seccomp
profile, nothing of the node.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ..canaries import ANALYSIS
from ..canaries import CANARY as FLAGGER
from ..canaries import TEMPLATE as FLAGGER_TEMPLATE
from ..examples import CANARY as GOOD_CANARY
from ..examples import DEPLOYMENT, METRIC_TEMPLATE, POD, drop, made, put
from ..examples import ROLLOUT as GOOD
from ..examples import TEMPLATE as GOOD_TEMPLATE
from ..facts import Kind, KubeObject
from ..pods import WORKLOADS, template
from ..reading import Place, decided, read
from ..rollouts import CANARY, CLUSTER_TEMPLATE, ROLLOUT, TEMPLATE
from ..rule import Enforcement, Finding, ObjectRule, Settings, Severity, StackRule, Texts, Violation
from ..stack import Stack

_PEERS = Kind("security.istio.io", "PeerAuthentication")
_TEMPLATES = (TEMPLATE, CLUSTER_TEMPLATE)
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_NODE = ("hostNetwork", "hostPID", "hostIPC")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
_SECRET_NAME = re.compile(
    r"token|secret|passw|api[-_.]?key|app(?:lication)?[-_.]?key|credential|authorization|cookie", re.I
)
_ARGUMENT = "{{"
_INJECT = "sidecar.istio.io/inject"


def _pods(subject: KubeObject) -> Iterator[Place]:
    """The pod specs that an object holds itself: a Rollout's, and those of the Jobs that templates measure by."""
    if subject.kind == ROLLOUT:
        yield read(subject)("spec", "template", "spec")
    for metric in read(subject)("spec", "metrics").each if subject.kind in _TEMPLATES else ():
        yield metric("provider", "job", "spec", "template", "spec")


@decided
def restricted(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The pods that an object holds keep the restricted profile."""
    for pod in _pods(subject):
        if pod.given:
            yield from _judge_pod(pod)


@decided
def restricted_target(canary: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """The pods of what a Canary watches keep the restricted profile."""
    pods = template(canary, stack)
    if pods is not None and pods("spec").given:
        for finding in _judge_pod(pods("spec")):
            yield Violation(f"in {pods.owner}: {finding.found}", finding.fix)


def _judge_pod(pod: Place) -> Iterator[Violation]:
    for name in _NODE:
        if pod(name).value not in (None, False):
            yield Violation(f"{pod(name).here} is set: the pod shares the node's", "leave it out")
    for volume in pod("volumes").each:
        if volume("hostPath").given:
            yield Violation(f"{volume('hostPath').here} mounts a folder of the node", "use another kind of volume")
    for name in _CONTAINERS:
        for container in pod(name).each:
            yield from _judge_container(container, pod("securityContext"))


def _judge_container(container: Place, of_pod: Place) -> Iterator[Violation]:
    own = container("securityContext")
    if own("privileged").value not in (None, False):
        yield Violation(f"{own('privileged').here} is set", "leave it out")
    if own("allowPrivilegeEscalation").value is not False:
        yield Violation(f"{own('allowPrivilegeEscalation').here} is not false", "set it to false")
    if "ALL" not in [one.text for one in own("capabilities", "drop").each]:
        yield Violation(f"{own('capabilities', 'drop').here} does not hold ALL", "drop ALL")
    if any(one.text != "NET_BIND_SERVICE" for one in own("capabilities", "add").each):
        yield Violation(f"{own('capabilities', 'add').here} adds a capability", "leave it out")
    root = own("runAsNonRoot") if own("runAsNonRoot").given else of_pod("runAsNonRoot")
    if root.value is not True:
        yield Violation(f"{container.here} may run as root", f"set {of_pod('runAsNonRoot').here} to true")
    user = own("runAsUser") if own("runAsUser").given else of_pod("runAsUser")
    if user.number == 0:
        yield Violation(f"{user.here} is 0, which is root", "name another user")
    profile = own("seccompProfile") if own("seccompProfile").given else of_pod("seccompProfile")
    if profile("type").text not in ("RuntimeDefault", "Localhost"):
        said = f"{container.here} has no seccomp profile"
        yield Violation(said, f"set {of_pod('seccompProfile', 'type').here} to RuntimeDefault")


@decided
def images_by_digest(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """Every image of a release is named by its digest."""
    for image in _images(release, stack):
        if not _DIGEST.search(image.text):
            yield Violation(f"{_where(image, release)} names no digest", "append @sha256: and the digest to the image")


@decided
def images_have_version(release: KubeObject, stack: Stack, _settings: Settings) -> Iterator[Finding]:
    """No image is named latest, or without any version."""
    for image in _images(release, stack):
        name, _, tag = image.text.partition("@")[0].rpartition("/")[2].partition(":")
        if "@" not in image.text and (tag in ("", "latest") or not name):
            yield Violation(f"{_where(image, release)} names no version", "name one, and better a digest")


def _images(release: KubeObject, stack: Stack) -> Iterator[Place]:
    pods = template(release, stack)
    if pods is not None:
        for name in _CONTAINERS:
            yield from (container("image") for container in pods("spec", name).each)


def _where(place: Place, release: KubeObject) -> str:
    return place.here if place.owner is release else f"{place.here} of {place.owner}"


@decided
def allowed_addresses(subject: KubeObject, settings: Settings) -> Iterator[Finding]:
    """What a metric or a hook calls is on the list."""
    if subject.kind == FLAGGER:
        called = [one("url") for one in read(subject)(*ANALYSIS, "webhooks").each]
    else:
        called = [one("provider", "web", "url") for one in read(subject)("spec", "metrics").each]
    for url in called:
        if url.given and not _is_allowed(url.text, settings["hosts"], subject.namespace):
            said = f"{url.here} is no address that the list of allowed hosts holds"
            yield Violation(said, "call a Service of the cluster, or have the host added to the rule's hosts")


def _is_allowed(url: str, hosts: list[str], namespace: str) -> bool:
    """Whether the list holds its host: as it is, `*.` and its end, or `*` for all.

    A Service may be called by its name alone, and by name and namespace where that is the object's own: another name
    with one dot may as well be somebody's site.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower().rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host:
        return False
    if hosts and host.partition(".")[2] in ("", namespace.lower()):
        return True
    return any(one == "*" or host == one or (one.startswith("*.") and host.endswith(one[1:])) for one in hosts)


@decided
def secrets_by_reference(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Headers, arguments and addresses of measurements hold no secret themselves."""
    spec = read(subject)("spec")
    if subject.kind in _TEMPLATES:
        for argument in spec("args").each:
            yield from _judge_secret(argument("name"), argument("value"))
        for metric in spec("metrics").each:
            for header in metric("provider", "web", "headers").each:
                yield from _judge_secret(header("key"), header("value"))
            yield from _judge_address(metric("provider", "web", "url"))
            yield from _judge_address(metric("provider", "prometheus", "address"))
    elif subject.kind == FLAGGER_TEMPLATE:
        yield from _judge_address(spec("provider", "address"))
    else:
        for hook in spec("analysis", "webhooks").each:
            yield from _judge_address(hook("url"))
            for key in hook("metadata").keys:
                if _SECRET_NAME.search(key):
                    yield _plain(hook("metadata", key))


def _judge_secret(name: Place, value: Place) -> Iterator[Violation]:
    if _SECRET_NAME.search(name.text) and value.text and _ARGUMENT not in value.text:
        yield _plain(value)


def _judge_address(address: Place) -> Iterator[Violation]:
    after = address.text.partition("://")[2]
    if "@" in after.split("/")[0] and _ARGUMENT not in after.split("@")[0]:
        yield _plain(address)


def _plain(place: Place) -> Violation:
    fix = "keep it in a Secret, and name that by valueFrom.secretKeyRef or secretRef"
    return Violation(f"{place.here} holds a secret that everybody can read who can read the object", fix)


@decided
def jobs_have_no_token(subject: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """A Job that measures gets no token; without one it does not matter whose account it has."""
    for pod in _pods(subject):
        if pod.given and pod("automountServiceAccountToken").value is not False:
            account = pod("serviceAccountName").text
            whose = "the namespace's default account" if account in ("", "default") else "its account"
            said = f"{pod('automountServiceAccountToken').here} is not false, so that the Job gets the token of {whose}"
            yield Violation(said, "set it to false")


@decided
def strict_mtls(peers: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """The mesh takes no plain requests."""
    spec = read(peers)("spec")
    for mode in (spec("mtls", "mode"), *(spec("portLevelMtls", port, "mode") for port in spec("portLevelMtls").keys)):
        if mode.text in ("PERMISSIVE", "DISABLE"):
            yield Violation(f"{mode.here} lets plain requests in", "set it to STRICT")


@decided
def in_the_mesh(rollout: KubeObject, _settings: Settings) -> Iterator[Finding]:
    """Pods whose traffic Istio splits have its proxy."""
    if not read(rollout)(*CANARY, "trafficRouting", "istio").given:
        return
    for name in ("labels", "annotations"):
        place = read(rollout)("spec", "template", "metadata", name, _INJECT)
        if place.value is False or place.text == "false":
            yield Violation(f"{place.here} keeps Istio's proxy out, and with it what it measures", "leave it out")


_JOB = put(
    GOOD_TEMPLATE,
    "spec.metrics[0].provider",
    {"job": {"spec": {"template": {"spec": {**POD["spec"], "restartPolicy": "Never"}}}}},
)
_IN_JOB = "spec.metrics[0].provider.job.spec.template.spec"
_SHARED = put(put(_JOB, "kind", "ClusterAnalysisTemplate"), "metadata", {"name": "shop"})
_WEB = put(
    GOOD_TEMPLATE,
    "spec.metrics[0].provider",
    {"web": {"url": "https://checks.shop.svc/", "headers": [{"key": "Authorization", "value": "{{args.token}}"}]}},
)
_SHARED_WEB = put(put(_WEB, "kind", "ClusterAnalysisTemplate"), "metadata", {"name": "shop"})
_HEADER = "spec.metrics[0].provider.web.headers[0].value"
_MTLS = made("security.istio.io/v1", "PeerAuthentication", "shop", {"mtls": {"mode": "STRICT"}})
_MTLS_OF_SHOP = put(_MTLS, "spec.selector", {"matchLabels": {"app": "shop"}})
_P = "spec.template.spec"
_CTX = f"{_P}.containers[0].securityContext"
_HOSTS = ("*.svc", "*.svc.cluster.local", "localhost", "127.0.0.1")

RULES = (
    ObjectRule(
        id="restricted-pods",
        code="X1",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="The pods of a release keep the restricted profile",
        why="A version that nobody has tried yet runs with users' requests; what breaks out of it has the node.",
        source="Kubernetes, docs/concepts/security/pod-security-standards.md (restricted)",
        fix="Run as another user than root, without privileges and capabilities, with the default seccomp profile.",
        kinds=(ROLLOUT, *_TEMPLATES),
        check=restricted,
        passes=((GOOD,), (_JOB,), (_SHARED,)),
        fails=(
            (put(GOOD, f"{_P}.hostNetwork", True),),
            (drop(GOOD, f"{_P}.securityContext"),),
            (drop(GOOD, _CTX),),
            (put(GOOD, f"{_CTX}.privileged", True),),
            (put(GOOD, f"{_CTX}.capabilities.add", ["SYS_ADMIN"]),),
            (put(GOOD, f"{_P}.volumes", [{"name": "a", "hostPath": {"path": "/"}}]),),
            (put(GOOD, f"{_CTX}.runAsUser", 0),),
            (drop(_JOB, f"{_IN_JOB}.securityContext"),),
            (drop(_SHARED, f"{_IN_JOB}.securityContext"),),
        ),
    ),
    StackRule(
        id="images-by-digest",
        code="X2",
        severity=Severity.HIGH,
        enforcement=Enforcement.ADVISORY,
        title="Images are named by digest",
        why="A tag can be moved: what was tried is not what the next pod runs, and a way back leads elsewhere.",
        source="Kyverno, require-image-checksum; Gatekeeper, imagedigests",
        fix="Name each image by its digest, with its tag before it for people.",
        kinds=(ROLLOUT, FLAGGER),
        context=WORKLOADS,
        check=images_by_digest,
        passes=((GOOD,), (GOOD_CANARY, DEPLOYMENT)),
        fails=(
            (put(GOOD, f"{_P}.containers[0].image", "registry.example.com/shop:1.0.0"),),
            (GOOD_CANARY, put(DEPLOYMENT, f"{_P}.containers[0].image", "registry.example.com/shop:1.0.0")),
        ),
    ),
    ObjectRule(
        id="allowed-addresses",
        code="X3",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="Measurements and hooks call only what is allowed",
        why="The controller calls from inside the cluster: an address of somebody's choice reaches what no pod may.",
        source="https://github.com/argoproj/argo-rollouts/issues/4707",
        fix="Call a Service of the cluster, or add the host to the list.",
        kinds=(*_TEMPLATES, FLAGGER),
        check=allowed_addresses,
        parameters=(
            Texts("hosts", _HOSTS, "hosts that may be called; `*.` stands for whatever is before, `*` for every host"),
        ),
        passes=((_WEB,), (_SHARED_WEB,), (GOOD_CANARY,)),
        fails=(
            (put(_WEB, "spec.metrics[0].provider.web.url", "http://169.254.169.254/latest"),),
            (put(_SHARED_WEB, "spec.metrics[0].provider.web.url", "https://example.com/"),),
            (put(GOOD_CANARY, "spec.analysis.webhooks[0].url", "https://example.com/hook"),),
        ),
    ),
    ObjectRule(
        id="secrets-by-reference",
        code="X4",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Measurements hold no secret themselves",
        why="Whoever may read the object has the token, and so have Git, its copies and every tool that shows it.",
        source="Argo Rollouts, docs/features/analysis.md; Flagger, docs/usage/metrics.md (secretRef)",
        fix="Keep it in a Secret, and name that.",
        kinds=(*_TEMPLATES, FLAGGER_TEMPLATE, FLAGGER),
        check=secrets_by_reference,
        passes=((_WEB,), (_SHARED_WEB,), (METRIC_TEMPLATE,), (GOOD_CANARY,)),
        fails=(
            (put(_WEB, _HEADER, "Bearer abc"),),
            (put(_SHARED_WEB, _HEADER, "Bearer abc"),),
            (put(GOOD_TEMPLATE, "spec.args[0]", {"name": "api-token", "value": "abc"}),),
            (put(METRIC_TEMPLATE, "spec.provider.address", "https://me:secret@prometheus.example.com"),),
            (put(GOOD_CANARY, "spec.analysis.webhooks[0].metadata", {"token": "abc"}),),
        ),
    ),
    ObjectRule(
        id="jobs-have-no-token",
        code="X5",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="A Job that measures has no token",
        why="The token lets the Job do what other pods of the account need; a measurement needs none of it.",
        source="Kubernetes, docs/tasks/configure-pod-container/configure-service-account.md",
        fix="Set automountServiceAccountToken to false.",
        kinds=_TEMPLATES,
        check=jobs_have_no_token,
        passes=((_JOB,), (_SHARED,)),
        fails=(
            (put(_JOB, f"{_IN_JOB}.automountServiceAccountToken", True),),
            (drop(_SHARED, f"{_IN_JOB}.automountServiceAccountToken"),),
        ),
    ),
    StackRule(
        id="restricted-target",
        code="X6",
        severity=Severity.CRITICAL,
        enforcement=Enforcement.MANDATORY,
        title="The pods that a Canary watches keep the restricted profile",
        why="A version that nobody has tried yet runs with users' requests; what breaks out of it has the node.",
        source="Kubernetes, docs/concepts/security/pod-security-standards.md (restricted)",
        fix="Run as another user than root, without privileges and capabilities, with the default seccomp profile.",
        kinds=(FLAGGER,),
        context=WORKLOADS,
        check=restricted_target,
        passes=((GOOD_CANARY, DEPLOYMENT),),
        fails=((GOOD_CANARY, drop(DEPLOYMENT, f"{_P}.securityContext")), (GOOD_CANARY, drop(DEPLOYMENT, _CTX))),
    ),
    StackRule(
        id="images-have-version",
        code="X7",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="An image has a version",
        why="With latest nobody knows what runs, nothing is released by a change of it, and there is no way back.",
        source="Kubernetes, docs/concepts/containers/images.md; Gatekeeper, disallowedtags",
        fix="Name a version, and better a digest.",
        kinds=(ROLLOUT, FLAGGER),
        context=WORKLOADS,
        check=images_have_version,
        passes=((GOOD,), (put(GOOD, f"{_P}.containers[0].image", "shop:1.0.0"),), (GOOD_CANARY, DEPLOYMENT)),
        fails=(
            (put(GOOD, f"{_P}.containers[0].image", "registry:5000/shop"),),
            (put(GOOD, f"{_P}.containers[0].image", "shop:latest"),),
            (GOOD_CANARY, put(DEPLOYMENT, f"{_P}.containers[0].image", "shop:latest")),
        ),
    ),
    ObjectRule(
        id="strict-mtls",
        code="X8",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="The mesh takes no plain requests",
        why="Whoever reaches a pod can call it in plain text, as anybody.",
        source="Kyverno, enforce-strict-mtls; Istio, docs/concepts/security",
        fix="Set the mode to STRICT.",
        kinds=(_PEERS,),
        check=strict_mtls,
        passes=((_MTLS,),),
        fails=(
            (put(_MTLS, "spec.mtls.mode", "PERMISSIVE"),),
            (put(_MTLS_OF_SHOP, "spec.portLevelMtls", {"8080": {"mode": "DISABLE"}}),),
        ),
    ),
    ObjectRule(
        id="in-the-mesh",
        code="X9",
        severity=Severity.HIGH,
        enforcement=Enforcement.MANDATORY,
        title="Pods whose traffic Istio splits are in the mesh",
        why="Without the proxy nothing encrypts their requests, and the metrics of the mesh do not see them.",
        source="Kyverno, prevent-disabling-injection-sidecar",
        fix="Do not switch the injection off.",
        kinds=(ROLLOUT,),
        check=in_the_mesh,
        passes=((GOOD,),),
        fails=(
            (put(GOOD, "spec.template.metadata.labels", {"app": "shop", _INJECT: "false"}),),
            (put(GOOD, "spec.template.metadata.annotations", {_INJECT: "false"}),),
        ),
    ),
)
