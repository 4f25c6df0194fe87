"""`python -m components`: the `coalmine` command."""

from .cli import main

main()
