"""One object with a field that a controller owns, as a router to come may have one with a port in it.

asked.json: `selector` and `labels` of the Service; `guarded`: false leaves the guard out, for the control.
"""

import json
from pathlib import Path

import pulumi

from components import resources
from components.resources import Rules, register


class Owner(pulumi.ComponentResource):
    """What the object belongs to."""

    def __init__(self) -> None:
        super().__init__("test:index:Owner", "owner")
        asked = json.loads(Path("asked.json").read_text(encoding="utf-8"))
        if not asked["guarded"]:
            resources.refusal_hook = lambda *_: None
        metadata = {"name": "routed", "namespace": "owned", "labels": asked["labels"]}
        spec = {"selector": asked["selector"], "ports": [{"port": 80}]}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}
        register(self, "owner", [[service]], Rules(ignored={("Service", "routed"): ("spec.selector",)}))
        self.register_outputs({})


Owner()
