"""A pod behaves as the ConfigMaps and Secrets say that its variables come from."""

import pytest

from localcluster.api import Object
from localcluster.pods.behaviour import ERROR_RATE, LATENCY, SETTING
from localcluster.pods.configuration import configured, is_configured

from .pods import rollout_pod

_TEXTS = {
    ("ConfigMap", "shop-settings"): {"LOCAL_ERROR_RATE": "0.5", "LOCAL_SETTING": "blue", "OTHER": "1"},
    ("Secret", "shop-key-7"): {"word": "red"},
}


def _texts(kind: str, name: str) -> dict[str, str] | None:
    return _TEXTS.get((kind, name))


def _pod(**container: object) -> Object:
    pod = rollout_pod()
    pod["spec"]["containers"][0] |= container
    return pod


def test_a_whole_config_map_says_how_the_pod_behaves_and_other_variables_say_nothing() -> None:
    pod = _pod(envFrom=[{"configMapRef": {"name": "shop-settings"}}])
    assert is_configured(pod)
    assert configured(pod, _texts) == {ERROR_RATE: "0.5", SETTING: "blue"}


def test_one_variable_may_come_from_a_secret_and_one_from_the_template() -> None:
    key = {"secretKeyRef": {"name": "shop-key-7", "key": "word"}}
    entries = [{"name": "LOCAL_SETTING", "valueFrom": key}, {"name": "LOCAL_LATENCY", "value": "20ms"}]
    assert configured(_pod(env=entries), _texts) == {SETTING: "red", LATENCY: "20ms"}


def test_what_is_missing_configures_nothing_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    pod = _pod(envFrom=[{"configMapRef": {"name": "shop-gone"}}])
    assert configured(pod, _texts) == {}
    assert "ConfigMap 'shop-gone' is missing" in capsys.readouterr().err


def test_a_pod_without_these_variables_is_not_looked_up() -> None:
    assert not is_configured(_pod(env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "a"}}}]))
