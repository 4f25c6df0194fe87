"""What experiments leave behind."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Left:
    """What is there of an app's experiments.

    Fields: `experiments`: how many; `routes`: hosts beside the app's own that get requests; `services`; `pods`:
    how many are asked for.
    """

    experiments: int
    routes: tuple[str, ...]
    services: tuple[str, ...]
    pods: int

    @property
    def gone(self) -> bool:
        """Whether nothing of them serves, or could."""
        return not (self.routes or self.services or self.pods)
