"""Where the pods process itself is asked how it is."""

PORT = 10260
