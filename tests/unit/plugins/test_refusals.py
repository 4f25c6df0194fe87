"""What the bundled plug-ins do not do is refused by name, with what to do about it; nothing is guessed."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from localcluster.plugins.conformance import contract, refusal
from localcluster.plugins.kubernetes_provider.awaits.jsonpath import find
from localcluster.plugins.kubernetes_provider.kubeconfig import connection
from localcluster.plugins.kubernetes_provider.provider import KubernetesProvider
from localcluster.plugins.kubernetes_provider.settings import Settings
from localcluster.plugins.random_provider.provider import RandomProvider
from localcluster.plugins.wire.errors import PluginError
from localcluster.plugins.wire.values import to_struct

from .service import Aborted, called

_KUBERNETES = KubernetesProvider("", threading.Event())
_RANDOM = RandomProvider()
_URN = "urn:pulumi:dev::p::{}::name"
_PROXY = {
    "current-context": "c",
    "clusters": [{"name": "c", "cluster": {"server": "https://c", "proxy-url": "http://proxy"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c"}}],
}


def _check_config(**arguments: str) -> None:
    called(_KUBERNETES.CheckConfig, provider_pb2.CheckRequest(news=to_struct(arguments)))


def _configure(**arguments: str) -> None:
    variables = {f"kubernetes:config:{name}": value for name, value in arguments.items()}
    called(_KUBERNETES.Configure, provider_pb2.ConfigureRequest(variables=variables))


def _construct(token: str) -> None:
    called(_KUBERNETES.Construct, provider_pb2.ConstructRequest(type=token, name="name"))


def _check(token: str, props: Mapping[str, Any]) -> None:
    provider = _RANDOM if token.startswith("random:") else _KUBERNETES
    answer = called(provider.Check, provider_pb2.CheckRequest(urn=_URN.format(token), news=to_struct(dict(props))))
    raise Aborted("; ".join(failure.reason for failure in answer.failures))


def _annotated() -> None:
    metadata = {"name": "a", "annotations": {"pulumi.com/replaceUnready": "true"}}
    _check("kubernetes:core/v1:ConfigMap", {"metadata": metadata})


_REFUSED: dict[str, Callable[[], object]] = {
    "check-client-side": lambda: _check_config(enableServerSideApply="false"),
    "component-config-group": lambda: _construct("kubernetes:yaml/v2:ConfigGroup"),
    "component-chart": lambda: _construct("kubernetes:helm.sh/v4:Chart"),
    "update-three-way": lambda: _configure(enableServerSideApply="false"),
    "provider-render": lambda: _check_config(renderYamlToDirectory="out"),
    "random-others": lambda: _check("random:index/randomUuid:RandomUuid", {}),
    "other-kinds": lambda: _check("kubernetes:helm.sh/v3:Release", {}),
    "other-functions": lambda: called(_KUBERNETES.Invoke, provider_pb2.InvokeRequest(tok="kubernetes:yaml:decode")),
    "other-arguments": lambda: _check_config(kubeClientSettings='{"burst":1}'),
    "other-annotations": _annotated,
    "other-json-path": lambda: find({}, "{..a}"),
    "other-credentials": lambda: connection(Settings(kubeconfig=str(_PROXY))),
    "other-imports": lambda: called(
        _RANDOM.Read, provider_pb2.ReadRequest(urn=_URN.format("random:index/randomPet:RandomPet"), id="calm-crow")
    ),
}


@pytest.mark.conformance(
    "check-client-side",
    "component-config-group",
    "component-chart",
    "update-three-way",
    "provider-render",
    "random-others",
    "other-kinds",
    "other-functions",
    "other-arguments",
    "other-annotations",
    "other-json-path",
    "other-credentials",
    "other-imports",
)
@pytest.mark.parametrize("line", [line.id for section in contract() for line in section.lines if line.refusal])
def test_what_is_not_done_is_refused_by_name(line: str) -> None:
    with pytest.raises((Aborted, PluginError)) as caught:
        _REFUSED[line]()
    text = str(caught.value)
    assert text.startswith(refusal(line))
    assert text.endswith(
        "is not supported by the bundled Pulumi plug-ins: run with PLUGINS=official to use Pulumi's own"
    )


@pytest.mark.conformance("other-kinds")
@pytest.mark.parametrize(
    "token",
    [
        "helm.sh/v4:Chart",
        "kustomize/v2:Directory",
        "yaml/v2:ConfigFile",
        "core/v1:ConfigMapPatch",
        "apps/v1:DeploymentList",
    ],
)
def test_resources_that_are_no_plain_object_are_refused(token: str) -> None:
    with pytest.raises(Aborted, match=f"kubernetes:{token} is not supported by the bundled Pulumi plug-ins"):
        _check(f"kubernetes:{token}", {})


@pytest.mark.conformance("other-functions")
@pytest.mark.parametrize("method", ["Call", "Attach", "GetMapping", "Parameterize"])
def test_a_method_that_no_stand_in_has_is_refused(method: str) -> None:
    with pytest.raises(Aborted, match=f"pulumi-resource-kubernetes: {method} is not supported by the bundled"):
        called(getattr(_KUBERNETES, method), None)


@pytest.mark.conformance("other-arguments")
@pytest.mark.parametrize("ask", [_check_config, _configure])
def test_an_argument_that_the_stand_in_does_not_know_is_refused(ask: Callable[..., None]) -> None:
    with pytest.raises(Aborted, match=r"argument helmReleaseSettings is not supported"):
        ask(helmReleaseSettings='{"driver":"secret"}')
    ask(helmReleaseSettings="", alwaysRender="false", suppressHelmHookWarnings="true", clusterIdentifier="c")


@pytest.mark.conformance("check-client-side", "update-three-way")
def test_client_side_apply_is_refused_from_the_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", "false")
    with pytest.raises(Aborted, match=r"enableServerSideApply: false is not supported"):
        _configure(namespace="n")
    _configure(enableServerSideApply="true")
