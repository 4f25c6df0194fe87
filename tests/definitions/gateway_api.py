"""The Gateway API: every kind of the standard channel."""

from components.platform.sources import GATEWAY_API_KINDS as SOURCE

__all__ = ["SOURCE"]
