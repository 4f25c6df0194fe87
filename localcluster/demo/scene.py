"""What every release of the demo is played with."""

from dataclasses import dataclass

from ..api import Api
from ..load import Load
from .gateway import Gateway
from .pulumi_cli import Pulumi
from .stage import Stage

RATE = 500
"""Requests per second."""


@dataclass(frozen=True)
class Scene:
    """Fields: `api`: of the cluster; `pulumi`; `gateway`: its weights; `load`; `stage`: writes the app's versions."""

    api: Api
    pulumi: Pulumi
    gateway: Gateway
    load: Load
    stage: Stage
