"""What the numbers of `coalmine_release_phase` mean, and their colours."""

from .recordings import SHOWN

_SAID = {
    "aborted": ("taken back", "red"),
    "waiting": ("waiting", "orange"),
    "running": ("in progress", "blue"),
    "unready": ("lacks pods", "dark-red"),
}
NAMES = (
    *((number, *_SAID[state]) for number, state in enumerate(SHOWN, start=1)),
    (len(SHOWN) + 1, "healthy", "green"),
)
