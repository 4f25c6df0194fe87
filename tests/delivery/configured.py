"""Releases that change nothing but a ConfigMap, or the version of a Secret that pods read."""

from collections.abc import Mapping
from typing import Any

from localcluster.api import Api

from .applied import apply_secret
from .cases import ARGO_ROLLOUTS, NAMESPACE, Case, Users
from .scenarios import CANDIDATE, STABLE

_USERS = (Users("everybody", users=24),)
_STEPS = {"steps": [{"weight": 40, "hold": "30s"}]}
_TOLD_BY = "x-setting"
_SECRET = "token"
_VERSIONS = {STABLE: "1", CANDIDATE: "2"}


def _settings(version: str, **more: str) -> Mapping[str, Any]:
    return {"config": {"settings": {"LOCAL_SETTING": version, **more}}}


def _case(name: str, workload: Mapping[str, Any], released: Mapping[str, Any]) -> tuple[Case, Case]:
    """The same release on either engine."""
    ours = Case(
        name,
        ARGO_ROLLOUTS,
        _STEPS,
        _USERS,
        workload=workload,
        released=released,
        told_by=_TOLD_BY,
        restarted=True,
    )
    return ours, ours.on_flagger()


_READ = {**_settings(STABLE), "env_from": [{"config": "settings"}]}
_READ_SECRET = {
    "secret_versions": {_SECRET: _VERSIONS[STABLE]},
    "env": {"LOCAL_SETTING": {"secret": _SECRET, "key": "setting"}},
}

CONFIG = _case("config", _READ, _settings(CANDIDATE))
CONFIG_BAD = _case("config-bad", _READ, _settings(CANDIDATE, LOCAL_ERROR_RATE="0.5"))
SECRET = _case("secret", _READ_SECRET, {"secret_versions": {_SECRET: _VERSIONS[CANDIDATE]}})

GOOD = (*CONFIG, *SECRET)
BAD = CONFIG_BAD
EVERY = (*GOOD, *BAD)
PAIRS = (CONFIG, CONFIG_BAD, SECRET)


def make_secrets(api: Api) -> None:
    """The Secrets of both versions, as others would make them."""
    for version, number in _VERSIONS.items():
        apply_secret(api, NAMESPACE, f"{_SECRET}-{number}", {"setting": version})
