"""What the contracts of all engines have in common."""

from typing import Self


class Offer:
    """What a router, a metric provider or a channel offers to one engine."""

    @classmethod
    def of(cls, part: object) -> Self:
        """The part as the engine needs it. Raises TypeError for one that does not offer this."""
        if not isinstance(part, cls):
            raise TypeError(f"{type(part).__name__} is not a {cls.__name__}")
        return part
