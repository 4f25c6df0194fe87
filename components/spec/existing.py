"""Pods of an object that runs already and stays whoever's it is."""

from typing import Annotated

from pydantic import Field

from .base import Strict
from .labels import LabelName, LabelValue


class ExistingWorkload(Strict):
    """A Deployment or DaemonSet with the app's name, which others made and go on changing: each new pod template of it
    is released. It keeps serving until its pods' successors do, and is scaled to zero then."""

    selector: Annotated[dict[LabelName, LabelValue], Field(min_length=1)]
    """Its own `spec.selector.matchLabels`, which its pods carry."""
